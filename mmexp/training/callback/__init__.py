"""What happens in addition to the steps: checkpoints, averages, progress, metrics."""
