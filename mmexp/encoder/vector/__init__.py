"""Encoders of vectors and sequences of them."""
