"""How well the spike detector does: simulated offices, planted troubles, rivals on the same budget of false alarms."""
