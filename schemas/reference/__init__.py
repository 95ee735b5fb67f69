"""Reference data of the contract: offices, code lists, limits, deadlines and the working calendar.

Data that changes is looked up as of a time (epoch milliseconds, UTC). `docs/reference-data.md` describes each file, its
sources and how far it can be trusted.
"""
