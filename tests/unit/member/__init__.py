"""The rules of the member service, without I/O."""
