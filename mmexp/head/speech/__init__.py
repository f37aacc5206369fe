"""Heads that generate or recognise speech."""
