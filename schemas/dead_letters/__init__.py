"""Dead letters: how they are built, when too many stop a component, which records were refused earlier."""
