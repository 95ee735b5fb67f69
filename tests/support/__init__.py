"""Builders and the oracle shared by tests of several rooms."""
