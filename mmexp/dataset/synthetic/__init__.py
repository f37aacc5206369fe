"""Data drawn from a seed, with the truth known."""
