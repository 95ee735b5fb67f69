"""A rating item meets its declaration as of the moment the rating was sent."""
