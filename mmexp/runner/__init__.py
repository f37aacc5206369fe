"""Run experiments as processes: one run, several ranks, many jobs."""
