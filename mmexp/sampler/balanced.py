"""Each class equally often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from mmexp.error import ConfigError
from mmexp.sampler.base import Sampler
from mmexp.transform.spelling import spelling


class BalancedSampler(Sampler):
    """Draw each class of a target equally often; an epoch is as long as the data.

    A class of few samples has all of them drawn several times, one of many a part of them, another one in each epoch.

    Source: Shen et al. 2016, "Relay Backpropagation", https://arxiv.org/abs/1512.05830, section 4.2 (class-aware
    sampling).

    Args:
        target: One label per sample, such as ``label``.
        unlabeled: Share of samples without a target, which are the last ones, in what is drawn, if there are any.

    Raises:
        ValueError: If unlabeled is not in [0, 1).
    """

    def __init__(self, *, target: str, unlabeled: float = 0.5) -> None:
        if not 0 <= unlabeled < 1:
            raise ValueError(f"BalancedSampler: unlabeled must be in [0, 1), got {unlabeled}.")
        self.target, self.unlabeled = target, unlabeled
        self.members: dict[str, np.ndarray] = {}

    def prepare(self, values: Callable[[str], Iterator[Any]]) -> None:
        """Number the samples of each class.

        Raises:
            ConfigError: If a value is no single label.
        """
        found: dict[str, list[int]] = {}
        for number, value in enumerate(values(self.target)):
            if not isinstance(value, str | int):
                rule = f"sampler.target must be one label per sample, such as label, got {self.target}"
                raise ConfigError(f"{rule}, where one is {value!r}.")
            found.setdefault(spelling(value), []).append(number)
        self.members = {name: np.array(found[name]) for name in sorted(found)}

    def order(self, size: int, generator: np.random.Generator) -> np.ndarray:
        known = sum(map(len, self.members.values()))
        others = round(self.unlabeled * size) if known < size else 0
        wanted = np.full(len(self.members), (size - others) // len(self.members))
        wanted[generator.permutation(len(wanted))[: (size - others) % len(wanted)]] += 1
        drawn = [_repeated(own, count, generator) for own, count in zip(self.members.values(), wanted, strict=True)]
        if others:
            drawn.append(_repeated(np.arange(known, size), others, generator))
        return generator.permutation(np.concatenate(drawn))

    def notes(self) -> list[str]:
        counts = [len(own) for own in self.members.values()]
        each = f"each of {len(counts)} classes of {self.target} is drawn equally often per epoch"
        return [f"train: {each}; the data has from {min(counts)} to {max(counts)} of one."]


def _repeated(numbers: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Draw some numbers, each as often as any other or once more. -> [count]"""
    rounds, rest = divmod(count, len(numbers))
    return np.concatenate([np.tile(numbers, rounds), generator.permutation(numbers)[:rest]])
