"""Kinds of data: how a cell of each is recognised, read, checked and described; one file per kind."""
