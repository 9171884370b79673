"""``store bucket``: files in the buckets of object stores."""
