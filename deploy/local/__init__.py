"""Servers that come from the package registry, for trying hailong out and for its tests; never for production."""
