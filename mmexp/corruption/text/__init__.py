"""Corruptions of texts."""
