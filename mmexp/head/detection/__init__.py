"""Heads that predict boxes, dense and with learned queries, and the arithmetic of boxes."""
