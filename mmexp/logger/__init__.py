"""Where the metrics of a run go: its own files always, a tracking service or a dashboard as chosen."""
