"""The shared tiers: what a team keeps between the cache and the origin."""
