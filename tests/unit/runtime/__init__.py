"""The bookkeeping of a desk without a database."""
