"""Archives of versioned releases: directories and CDCS servers."""
