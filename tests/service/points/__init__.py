"""The ledger of points on a real PostgreSQL."""
