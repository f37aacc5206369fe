"""Metrics, as torchmetrics defines them."""
