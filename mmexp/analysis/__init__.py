"""Compare runs and say what may be claimed of them, from files alone: no torch."""
