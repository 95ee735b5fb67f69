"""Evaluates the spike detector: simulated offices, planted problems, rivals with the same budget of false alarms."""
