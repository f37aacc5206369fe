"""Gaussian noise on every frame."""

from __future__ import annotations

from mmexp.corruption.image.noise import LEVELS, corrupt

__all__ = ["LEVELS", "corrupt"]
