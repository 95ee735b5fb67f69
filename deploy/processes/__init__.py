"""The long-running processes, put together from their settings: the one place where the parts meet."""
