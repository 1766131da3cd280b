"""Opening balances by file: read, announced, approved, brought in."""
