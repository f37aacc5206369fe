"""Sections of each ranking, one per file: ``show(comparison, media)``."""
