"""Which jobs a sweep has."""
