"""Corruptions of rows of a table."""
