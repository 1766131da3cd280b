"""The machinery against a real PostgreSQL and a real Kafka."""
