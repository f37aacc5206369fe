"""Figures that tasks draw of the predictions of a run."""
