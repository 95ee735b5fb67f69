"""What an event must be to be accepted, beyond fitting its schema. Used where events enter and where they are read."""
