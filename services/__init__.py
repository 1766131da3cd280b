"""The services: identical rooms, no imports between them."""
