"""From a raw value of a Sample to a tensor, and from tensors to a padded batch; runs in loader workers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmexp.contract import Padded


class Transform(ABC):
    """Prepare once, augment every time, collate a batch.

    ``prepare`` is deterministic, so its result may be cached; ``augment`` gets a generator that depends only on
    (seed, epoch, sample), so that any number of workers and any resume see the same randomness.

    Example:
        >>> import torch
        >>> from mmexp import Transform
        >>> class WordCount(Transform):
        ...     def prepare(self, raw):
        ...         return torch.tensor(len(raw.split()))
        ...     def collate(self, items):
        ...         return stack(items, blank=torch.tensor(0))
        >>> counts = WordCount()
        >>> counts.collate([counts.prepare("a red cube"), None])
        Padded(values=tensor([3, 0]), mask=tensor([ True, False]))
    """

    limit: str = ""
    """Argument, and attribute, beyond which a value is cut, such as ``max_length``; empty if nothing is."""
    packages: Sequence[str] = ()
    """Those that a prepared value depends on: another version may give others."""

    def length(self, raw: Any) -> float:
        """Return the limit that keeps all of a raw value, for which the facts kept of its file may stand."""
        return 0

    @abstractmethod
    def prepare(self, raw: Any) -> Any:
        """Turn a raw value into arrays of the size the encoder wants."""

    def augment(self, prepared: Any, generator: np.random.Generator) -> Any:
        """Vary a prepared value while training. The default changes nothing."""
        return prepared

    @property
    def is_random(self) -> bool:
        """Whether ``augment`` does anything but pick one of the ``variants``."""
        return type(self).augment is not Transform.augment

    def variants(self, raw: Any) -> Sequence[Any]:
        """Return the values of which ``augment`` picks one, such as several texts that say the same."""
        return [raw]

    def describe(self) -> dict[str, Any]:
        """Return all that a prepared value depends on but the raw one, as plain JSON."""
        own = {key: value.describe() if isinstance(value, Transform) else value for key, value in vars(self).items()}
        return {"class": f"{type(self).__module__}.{type(self).__qualname__}", **own}

    @abstractmethod
    def collate(self, items: Sequence[Any]) -> Any:
        """Join prepared values, None where a sample has none, into a Padded (inputs) or what the task reads."""


def stack(items: Sequence[Tensor | None], blank: Tensor) -> Padded:
    """Stack tensors shaped like blank, which fills in for a missing one. -> values [B, ...], mask [B]"""
    values = torch.stack([blank if item is None else item for item in items])
    return Padded(values, torch.tensor([item is not None for item in items]))


def pad(items: Sequence[Tensor | None], value: float = 0, *, width: tuple[int, ...] = ()) -> Padded:
    """Pad tensors [L_i, *width] to the longest; a missing one is all padding. -> values [B, L, *width], mask [B, L]"""
    dtype = next((item.dtype for item in items if item is not None), torch.long if not width else torch.float32)
    lengths = torch.tensor([0 if item is None else len(item) for item in items])
    longest = max(1, int(lengths.max()))
    values = torch.full((len(items), longest, *width), value, dtype=dtype)
    for place, item in zip(values, items, strict=True):
        if item is not None:
            place[: len(item)] = item
    return Padded(values, torch.arange(longest) < lengths[:, None])
