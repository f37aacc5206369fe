"""Objectives that several tasks share."""
