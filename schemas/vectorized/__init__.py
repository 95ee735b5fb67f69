"""Compiled readers and writers for the topics that carry the load."""
