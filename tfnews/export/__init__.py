"""A trained run as other programs read it."""
