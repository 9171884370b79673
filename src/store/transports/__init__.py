"""Moves bytes: one way in, whatever the scheme."""
