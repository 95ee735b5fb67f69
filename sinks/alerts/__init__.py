"""Delivery of alerts to people."""
