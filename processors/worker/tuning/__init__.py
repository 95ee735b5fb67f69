"""Settings of the Python runtime that keep memory small, pauses short and logs readable."""
