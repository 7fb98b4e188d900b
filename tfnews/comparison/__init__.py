"""Which model to ship: runs against each other, and a new model against the one in use."""
