"""A year of real purchases driven through the public API, month by month, and what came out of it."""
