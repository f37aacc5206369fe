"""Corruptions of lists of words."""
