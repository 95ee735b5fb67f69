"""From batches to records or columns, with every schema version that is known."""
