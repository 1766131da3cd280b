"""PostgreSQL, Kafka, Caddy and the services on one machine, out of Python packages alone."""
