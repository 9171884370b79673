"""Finds what plugins bring: drivers, caches, transports and more."""
