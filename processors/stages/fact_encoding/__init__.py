"""Joined facts, encoded as Avro records without a Python object for each field."""
