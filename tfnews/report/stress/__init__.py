"""A stress test in words, as a page, as Markdown, as figures and on a terminal."""
