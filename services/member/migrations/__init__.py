"""Hand-written SQL, expand then contract."""
