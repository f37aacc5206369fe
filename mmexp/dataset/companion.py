"""Which inputs go with which target."""

from __future__ import annotations

from collections.abc import Mapping

EXTRA: Mapping[str, str] = {"words": "tags", "items": "item", "head": "tail", "relation": "tail", "history": "reply"}
"""Modalities of a table that are encoded only for this target, or if they are named."""
