"""A matrix of data sets in words, as a page, as tables and on a terminal."""
