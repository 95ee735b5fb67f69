"""Dead letters for the operator: list, show, replay and discard refused records."""
