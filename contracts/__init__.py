"""What crosses a border between services; depends on pydantic alone."""
