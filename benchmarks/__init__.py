"""Measurements: every figure in docs/ comes from one of these."""
