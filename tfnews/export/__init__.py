"""Classifiers for other places than Python: files, and what must stand beside them."""
