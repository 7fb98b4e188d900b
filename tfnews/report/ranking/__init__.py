"""Models compared on the same texts: page, Markdown, terminal, table and figure."""
