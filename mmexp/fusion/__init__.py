"""Fusions: tokens of several modalities become tokens of one, joint or anchored."""
