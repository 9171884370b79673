"""Settings, directories and credentials: what the user decided."""
