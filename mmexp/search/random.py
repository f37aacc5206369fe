"""Values drawn at random."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from random import Random

from mmexp.config.space import Dimension, read_space
from mmexp.search.base import Search


class RandomSearch(Search):
    """Propose jobs at once whose values are drawn independently and uniformly, or log-uniformly with ``tag(log, ...)``.

    More trials with the same seed begin with the same ones, so that a sweep can be extended.

    Source: Bergstra and Bengio 2012, "Random Search for Hyper-Parameter Optimization", JMLR 13.

    Args:
        overrides: As of ``Search``; ``interval(a, b)`` is drawn from.
        trials: Jobs in all.
        seed: Of the draws.
        space: Further keys with their sweeps, such as those of ``search/space=optimizer``.

    Raises:
        ValueError: If there are no trials.
    """

    def __init__(
        self, *, overrides: Sequence[str], trials: int = 20, seed: int = 0, space: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(overrides=overrides)
        if trials < 1:
            raise ValueError(f"RandomSearch: trials must be at least 1, got {trials}.")
        self.trials, self.seed, self.space = trials, seed, dict(space or {})
        self._asked = False

    def ask(self) -> list[list[str]]:
        """Return all jobs the first time, none afterwards.

        Raises:
            ConfigError: If an override can't be read.
        """
        if self._asked:
            return []
        self._asked = True
        fixed, dimensions = read_space(self.overrides, self.space)
        generator = Random(self.seed)
        return [[*fixed, *(one.word(draw(one, generator)) for one in dimensions)] for _ in range(self.trials)]


def draw(dimension: Dimension, generator: Random) -> str | int | float:
    """Draw one value."""
    if dimension.values:
        return generator.choice(dimension.values)
    if dimension.integer and not dimension.log:
        return generator.randint(int(dimension.low), int(dimension.high))
    if not dimension.log:
        return generator.uniform(dimension.low, dimension.high)
    value = math.exp(generator.uniform(math.log(dimension.low), math.log(dimension.high)))
    return round(value) if dimension.integer else value
