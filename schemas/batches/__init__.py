"""Consecutive records fetched from a partition, kept as bytes and offsets until they are decoded."""
