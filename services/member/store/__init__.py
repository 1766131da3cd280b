"""The memory: tables, the desk's SQL, and the sealing of private keys."""
