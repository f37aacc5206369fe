"""Encoders of rows of named numbers and categories."""
