"""From topics to tables: which columns a table has, and how a record fills them."""
