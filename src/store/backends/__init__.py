"""The drivers: where resources are found."""
