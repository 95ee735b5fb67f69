"""The stream processors: Faust workers around a pure core."""
