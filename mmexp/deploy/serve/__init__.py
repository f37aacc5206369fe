"""Serve runs over HTTP: a front that speaks HTTP and loads no torch, and worker processes that hold the models."""
