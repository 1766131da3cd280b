"""The outside: whoever carries a text message to a phone."""
