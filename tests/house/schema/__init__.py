"""What a migrated database enforces by itself, listed and committed, one file a service."""
