"""``store release``: archives of versioned releases."""
