"""The member service against a real PostgreSQL."""
