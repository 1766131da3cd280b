"""Rules and forms, tested one by one without a process beside them."""
