"""Encoders of text, as token ids."""
