"""Contenders written in Java: their build, their reference data and their start."""
