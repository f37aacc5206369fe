"""Put a trained run to use: predict, and evaluate on its own or other data."""
