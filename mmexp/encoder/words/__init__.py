"""Encoders of words that are split already."""
