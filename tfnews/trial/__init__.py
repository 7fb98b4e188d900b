"""A run on a user's own feed: which articles to label by hand, and what the labels show."""
