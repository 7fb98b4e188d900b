"""Pretrained weights as files: found, downloaded, unpacked, pinned and read."""
