"""Scores, intervals, figures and words about a run."""
