"""What the code says about itself, written down: docs/generated and the OpenAPI documents."""
