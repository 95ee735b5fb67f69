"""Files of events: JSON Lines, CSV and Avro containers, read in constant memory (docs/publishing.md)."""
