"""Normalisation and tokenisation in TensorFlow ops."""
