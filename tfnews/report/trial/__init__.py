"""A trial on a user's own feed in words, as a page, as Markdown and on a terminal."""
