"""Sections over all rankings, one per file: ``show(comparisons, unfinished)``."""
