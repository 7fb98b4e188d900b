"""Scoring many files on an engine, a shard at a time, so that what is finished stays finished."""
