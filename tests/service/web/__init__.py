"""What every door shares: parsing, proofs, problems, limits."""
