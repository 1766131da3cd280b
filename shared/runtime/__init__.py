"""The machinery that does I/O: desk, relay, consumers, errands, databases, logs."""
