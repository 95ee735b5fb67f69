"""Rows that are dropped by age, if a site wants that (ADR 40)."""
