"""Journeys through the whole stack: what people do, from the gateway to the books and back."""
