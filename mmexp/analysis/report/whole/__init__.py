"""Sections over all rankings, one per file: ``show(comparisons, unfinished)``; above the rankings up to position 50."""
