"""Unpacks archives into a private directory, member by member."""
