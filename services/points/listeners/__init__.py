"""Door 2: events of other services to commands."""
