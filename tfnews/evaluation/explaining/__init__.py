"""The ways in which a score is traced back to the words of its text."""
