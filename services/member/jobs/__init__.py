"""Door 3: the clock to commands, and errands to the outside."""
