"""The questions: read-only SQL to views."""
