"""Figures of comparisons for a paper, one per file: ``draw(comparisons)`` returns them by name."""
