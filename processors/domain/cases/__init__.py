"""The handling of complaints: a state table, legal clocks, and the fold of what was done into the state of a case."""
