"""Corruptions of inputs at test, one per file, by kind of data: ``corruption/image/blur.py``. Each is found by itself.

A file has ``LEVELS``, the five severities in a unit that it states, and ``corrupt(value, level, generator)``, which
takes the value of a ``Sample`` and returns another one of the same form.
"""
