"""Rows of a query for people and programs: as a table, as CSV, as JSON.

`plain.py` makes ClickHouse's values plain, `texts.py` writes a plain value, the others write rows.
"""
