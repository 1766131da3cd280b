"""Tests against real components: PostgreSQL, Kafka, whole processes."""
