"""A promotion check, on a terminal and as a table for programs."""
