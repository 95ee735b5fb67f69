"""From facts to figures: satisfaction, office counts and the complaints that low scores open."""
