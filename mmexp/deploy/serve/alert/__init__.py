"""What a person is warned of: the same rules for Prometheus, and for a webhook where there is no Prometheus."""
