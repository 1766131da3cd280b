"""The rules of the house, one subject a file; each file lists its rules as `RULES`."""
