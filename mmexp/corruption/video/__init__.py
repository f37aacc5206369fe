"""Corruptions of videos."""
