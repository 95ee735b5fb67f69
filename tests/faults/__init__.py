"""The fault matrix: what is done to a running system, and how it is found out that nothing was lost or doubled."""
