"""Tasks: a head, an objective and metrics for one kind of question."""
