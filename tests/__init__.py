"""Proofs: what must hold, from single rules to the whole group."""
