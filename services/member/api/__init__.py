"""Door 1: HTTP to command or query; no logic."""
