"""One architecture on articles that were cut differently: page, Markdown, terminal and table."""
