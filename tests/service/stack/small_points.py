"""Stands in for the service points."""

from tests.service.stack.small_service import main

if __name__ == "__main__":
    main("points")
