"""What operators do to a running system: topics, tables, complaints, dead letters."""
