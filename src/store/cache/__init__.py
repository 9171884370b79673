"""What was fetched once is kept, and found again by its uid."""
