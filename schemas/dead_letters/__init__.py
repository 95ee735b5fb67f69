"""Records that were set aside: the letter, the limit, and those that were refused before."""
