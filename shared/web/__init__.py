"""What doors and pages share: strict input, problem pages, keys, signatures, tokens."""
