"""The Schema Registry: ids that are not pinned are asked for here."""
