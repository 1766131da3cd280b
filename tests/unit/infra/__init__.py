"""The parts of the embedded stack that need nothing running."""
