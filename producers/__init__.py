"""How events get in: SDK, file import, simulator."""
