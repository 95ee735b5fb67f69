"""Settings of the Python runtime that keep memory small and pauses short."""
