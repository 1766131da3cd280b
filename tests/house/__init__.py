"""The house enforces its own style: every rule here is a test, and every rule shows that it bites."""
