"""The outside, called by jobs alone, never inside a transaction."""
