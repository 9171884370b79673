"""Finds what plugins bring: drivers, caches, transports, archives, commands, locators."""
