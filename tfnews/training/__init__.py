"""Training: settings, loop, callbacks."""
