"""Pretrained weights: find, check, make."""
