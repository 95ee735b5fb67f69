"""One record: the Confluent wire format and its Avro bytes, read and written."""
