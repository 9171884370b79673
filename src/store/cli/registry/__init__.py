"""``store registry``: look at the registry, and change what lies in it."""
