"""What Tongfen survives: the numbered faults, each on real parts, each printing what it counted."""
