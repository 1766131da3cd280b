"""The replay judged from outside: an independent computation and the agreement with it."""
