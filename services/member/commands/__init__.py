"""The verbs: one file, one command."""
