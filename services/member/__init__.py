"""The member service: one member over five businesses, sign-in, keys and clients."""
