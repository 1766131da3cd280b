"""Stands in for an outside partner that gives coupons out, over real HTTP, until a real one is set."""
