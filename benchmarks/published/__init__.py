"""Published data sets, mapped to our file format by the documents alone, against an independent computation."""
