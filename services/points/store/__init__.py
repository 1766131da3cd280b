"""The memory: tables and the desk's SQL."""
