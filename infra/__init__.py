"""How Tongfen runs: the embedded stack, its command line and what feeds it."""
