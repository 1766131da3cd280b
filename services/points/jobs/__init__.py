"""Door 3: the clock to commands."""
