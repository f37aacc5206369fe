"""Encoders: one modality becomes tokens of width ``dim``; one folder per kind of input."""
