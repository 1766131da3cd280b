"""One file per change, in order; hand-written SQL."""
