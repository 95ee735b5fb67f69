"""Alerts for the operator and the head of an office: list, show, and record what was done and judged."""
