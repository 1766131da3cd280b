"""The `tongfen` command: what a person at a terminal does with the stack and its services."""
