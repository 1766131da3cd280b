"""The embedded stack as a whole: it comes up, mends itself and leaves nothing behind."""
