"""Datasets: where samples come from, in three splits."""
