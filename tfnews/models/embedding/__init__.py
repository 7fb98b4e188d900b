"""Token embeddings pooled over a text."""
