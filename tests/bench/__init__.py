"""What things cost, measured; ratios count, not absolutes."""
