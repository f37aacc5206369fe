"""Encoders of symbols: items, nodes, categories."""
