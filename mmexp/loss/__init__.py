"""Objectives that several tasks share; those with a YAML are losses of classes."""
