"""Makes files lie at their paths, whole or not at all."""
