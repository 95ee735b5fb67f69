"""Schema changes: which are compatible, which are sound, which fields a reader does not see."""
