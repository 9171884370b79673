"""``store cache``: looks at what the cache holds, and makes it smaller."""
