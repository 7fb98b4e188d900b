"""The search for settings: trials that are fits, and the best of them as a run."""
