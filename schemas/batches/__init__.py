"""A run of fetched records, kept as bytes and offsets until somebody decodes them."""
