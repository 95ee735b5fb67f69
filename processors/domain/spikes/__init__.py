"""Spikes of dissatisfaction: sound tests on tiny counts, across all offices, in event time."""
