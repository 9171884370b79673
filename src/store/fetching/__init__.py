"""The main job: from a locator or query to a verified local file."""
