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
    Samples without a target, which are the last ones, are drawn as one class more.

    Source: Shen et al. 2016, "Relay Backpropagation", https://arxiv.org/abs/1512.05830, section 4.2 (class-aware
    sampling).

    Args:
        target: One label per sample, such as ``label``.
    """

    def __init__(self, *, target: str) -> None:
        self.target = target
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
        groups = [*self.members.values(), *([np.arange(known, size)] if known < size else [])]
        wanted = np.full(len(groups), size // len(groups))
        wanted[generator.permutation(len(wanted))[: size % len(wanted)]] += 1
        classes = zip(groups, wanted, strict=True)
        return generator.permutation(np.concatenate([_repeated(own, count, generator) for own, count in classes]))

    def notes(self) -> list[str]:
        counts = [len(own) for own in self.members.values()]
        each = f"each of {len(counts)} classes of {self.target} is drawn {sum(counts) // len(counts)} times per epoch"
        return [f"train: {each}; the data has from {min(counts)} to {max(counts)} of one."]


def _repeated(numbers: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Draw some numbers, each as often as any other or once more. -> [count]"""
    rounds, rest = divmod(count, len(numbers))
    return np.concatenate([np.tile(numbers, rounds), generator.permutation(numbers)[:rest]])
