"""Transformer encoders and their checkpoints."""
