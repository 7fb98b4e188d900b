"""Scoring a stream of texts with a run."""
