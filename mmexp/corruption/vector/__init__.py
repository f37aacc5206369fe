"""Corruptions of vectors and of sequences of them."""
