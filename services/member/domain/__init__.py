"""The rules: pure functions over frozen facts."""
