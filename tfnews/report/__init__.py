"""What people read about a run: a page, a card, the terminal."""
