"""Names and phone numbers: sealed by the producer, opened by the complaint flow alone."""
