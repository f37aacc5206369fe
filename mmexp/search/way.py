"""The ways of a comparison: each fusion, and each input alone, with the settings that each is tried with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from mmexp.config.schema import key_of, root_of
from mmexp.config.space import named_space, read_space, refuse_repeats
from mmexp.config.without_fusion import without_fusion
from mmexp.run import summary
from mmexp.run.summary import RunRow
from mmexp.search.random import draw

Words = tuple[str, ...]


@dataclass(frozen=True)
class Way:
    """A fusion, or an input alone.

    Args:
        words: Overrides of its first trial, which are what is typed.
        space: Keys with their sweeps, from which the other trials are drawn.
        searched: Words as typed that have several values or an interval.
        alone: The only input; empty for a fusion.
    """

    words: Words
    space: Mapping[str, str]
    searched: Words = ()
    alone: str = ""

    @property
    def name(self) -> str:
        """What it is called in a table."""
        return f"{self.alone} alone" if self.alone else ", ".join(fusion_words(self.words)) or "fusion"

    def trials(self, number: int, seed: int) -> list[Words]:
        """Return the overrides of its first trials; with one seed, more of them begin with the same ones.

        Args:
            number: Of trials.
            seed: Of the draws. Ways draw the same values for what they share.
        """
        fixed, dimensions = read_space([*self.words, *self.searched], self.space)
        generator = Random(seed)
        drawn = ([one.word(draw(one, generator)) for one in dimensions] for _ in range(number - 1))
        return [self.words, *((*fixed, *own) for own in drawn)]


class Ways:
    """What is compared: the values of ``fusion``, and each input alone that a run says the task could be given.

    Args:
        overrides: As typed; but for ``fusion``, what has several values or an interval is tuned.
        space: Keys with their sweeps; None for what ``conf/search/space`` has for each fusion, else the optimizer's.

    Attributes:
        fused: The fusions.

    Raises:
        ConfigError: If an override can't be read, or seeds or folds have several values.
    """

    def __init__(self, overrides: Sequence[str], space: Mapping[str, str] | None = None) -> None:
        self._fixed, dimensions = read_space(overrides)
        refuse_repeats(dimensions)
        keys = {one.key for one in dimensions} - {"fusion"}
        self._searched = tuple(word for word in overrides if word.partition("=")[0] in keys)
        self._space = space
        fusions = ([one.word(value) for value in one.values] for one in dimensions if one.key == "fusion")
        self.fused = [self._way([*self._fixed, *words]) for words in product(*fusions)]

    def alone(self, run: RunRow | None) -> list[Way]:
        """Return each input alone; none if no run says which there are, or it fuses nothing.

        Args:
            run: Of one of the fusions.
        """
        if run is None or not run.is_fusion:
            return []
        rest = [word for word in self._fixed if root_of(key_of(word)) not in ("fusion", "inputs")]
        anchored = summary.read(run.folder).get("anchor")
        lone = self.fused[0].words if anchored else without_fusion(rest)
        lone = [word for word in lone if word not in rest and root_of(key_of(word)) != "inputs"]
        names = run.inputs if run.alone is None else run.alone
        return [self._way([*rest, *lone, f"inputs=[{name}]"], name) for name in names]

    def _way(self, words: Sequence[str], alone: str = "") -> Way:
        fusion = next((word.partition("=")[2] for word in reversed(words) if word.startswith("fusion=")), "")
        space = self._space if self._space is not None else {} if self._searched else named_space(fusion)
        return Way(tuple(words), space, self._searched, alone)


def fusion_words(words: Sequence[str]) -> list[str]:
    """Return the values of the overrides that say how a way fuses."""
    return [word.removeprefix("fusion=") for word in words if root_of(key_of(word)) == "fusion"]


def fresh_seeds(words: Sequence[str], number: int) -> list[int]:
    """Return seeds after the one that overrides name, none of which has been tuned with."""
    used = next((int(word.partition("=")[2]) for word in reversed(words) if word.startswith("seed=")), 0)
    return list(range(used + 1, used + 1 + number))


def with_words(words: Sequence[str], *others: str) -> Words:
    """Return overrides with some set anew, and what they set before taken out."""
    keys = {key_of(word) for word in others}
    return (*(word for word in words if key_of(word) not in keys), *others)
