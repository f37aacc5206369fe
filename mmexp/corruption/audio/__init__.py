"""Corruptions of audio."""
