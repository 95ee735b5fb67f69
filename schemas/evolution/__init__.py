"""Schema changes: compatibility, checks of single schemas, closed enums, fields that a reader does not read."""
