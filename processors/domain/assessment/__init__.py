"""Computes satisfaction, office counts and complaints from rated-service facts."""
