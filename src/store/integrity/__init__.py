"""What a file's content should be, and whether it is."""
