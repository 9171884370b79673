"""Where a cache remembers its entries."""
