"""The fair budget: each fusion, and each input alone, is tuned with as many trials, then trained with fresh seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from random import Random

from mmexp.config.schema import key_of, root_of
from mmexp.config.space import Dimension, named_space, read_space
from mmexp.config.without_fusion import without_fusion
from mmexp.run import summary
from mmexp.run.summary import DONE, RunRow
from mmexp.search.base import Search
from mmexp.search.random import draw
from mmexp.search.selection import Selection

Words = tuple[str, ...]


class TuneSearch(Search):
    """Tune each way of a comparison with one budget on val, then train the best of each with seeds not used before.

    The ways are the values of ``fusion``, and each input alone, once a run says which inputs the task could be given
    alone. The first trial of each is what is typed; the others draw the same values for what all ways share. The last
    runs carry ``tuned=<trials>``, which ``compare`` shows.

    Source: as the comparisons of "Fusion or Confusion?", arXiv 2512.22991, and MultiBench++, arXiv 2511.06452.

    Args:
        overrides: As of ``Search``; but for ``fusion``, what has several values or an interval is tuned.
        trials: Of each way.
        seeds: Runs of each way with its best settings.
        seed: Of the draws.
        metric: As of ``Selection``.
        select_on_test: As of ``Selection``.
        space: Keys with their sweeps; None for what ``conf/search/space`` has for each fusion, else the optimizer's.

    Raises:
        ValueError: If there are no trials or seeds.
        ConfigError: If the metric is not of the validation split, and that is not allowed.
    """

    def __init__(
        self,
        *,
        overrides: Sequence[str],
        trials: int = 10,
        seeds: int = 5,
        seed: int = 0,
        metric: str | None = None,
        select_on_test: bool = False,
        space: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(overrides=overrides)
        for name, value in {"trials": trials, "seeds": seeds}.items():
            if value < 1:
                raise ValueError(f"TuneSearch: {name} must be at least 1, got {value}.")
        self.trials, self.seeds, self.seed, self.space = trials, seeds, seed, space
        self.selection = Selection(metric, select_on_test)
        self.note = self.selection.note
        fixed, dimensions = read_space(overrides)
        self._ways = [list(words) for words in product(*(_words(one) for one in dimensions if one.key == "fusion"))]
        self._tuned = [word for word in overrides if word.partition("=")[0] in {one.key for one in dimensions}]
        self._tuned = [word for word in self._tuned if not word.startswith("fusion=")]
        self._fixed = fixed
        self._stages = [self._fused, self._alone, self._best]
        self._proposed: list[list[Words]] = []
        self._known: dict[Words, float] = {}
        self._run: RunRow | None = None

    def ask(self) -> list[list[str]]:
        """Return the trials of all fusions, then those of each input alone, then new seeds of the best of each way."""
        while self._stages:
            if proposals := self._stages.pop(0)():
                return proposals
        return []

    def tell(self, overrides: Sequence[str], run: RunRow | None) -> None:
        if run is None or run.status != DONE:
            return
        self._run = self._run or run
        if (score := self.selection.score(run)) is not None:
            self._known[tuple(overrides)] = score

    def _fused(self) -> list[list[str]]:
        return [words for way in self._ways for words in self._trials([*self._fixed, *way])]

    def _alone(self) -> list[list[str]]:
        """Trials of each input alone; none if no run says which there are, or it fuses nothing."""
        if self._run is None or not self._run.is_fusion:
            return []
        rest = [word for word in self._fixed if root_of(key_of(word)) not in ("fusion", "inputs")]
        anchored = summary.read(self._run.folder).get("anchor")
        lone = self._ways[0] if anchored else without_fusion(rest)
        names = self._run.inputs if self._run.alone is None else self._run.alone
        return [words for name in names for words in self._trials([*rest, *lone, f"inputs=[{name}]"])]

    def _trials(self, words: list[str]) -> list[list[str]]:
        """Return the trials of a way, and note that they are of one."""
        fusion = next((word.partition("=")[2] for word in reversed(words) if word.startswith("fusion=")), "")
        space = self.space if self.space is not None else {} if self._tuned else named_space(fusion)
        fixed, dimensions = read_space([*words, *self._tuned], space)
        generator = Random(self.seed)
        drawn = ([one.word(draw(one, generator)) for one in dimensions] for _ in range(self.trials - 1))
        trials = [words, *([*fixed, *own] for own in drawn)]
        self._proposed.append([tuple(trial) for trial in trials])
        return trials

    def _best(self) -> list[list[str]]:
        """Return the best settings of each way of which a trial is done, with each of the new seeds."""
        found = []
        for trials in self._proposed:
            done = [trial for trial in trials if trial in self._known]
            if done:
                best = max(done, key=lambda trial: self._known[trial])
                rest = [word for word in best if not word.startswith("seed=")]
                found += [[*rest, f"seed={seed}", f"tuned={self.trials}"] for seed in self._fresh(best)]
        return found

    def _fresh(self, words: Sequence[str]) -> range:
        used = next((int(word.partition("=")[2]) for word in reversed(words) if word.startswith("seed=")), 0)
        return range(used + 1, used + 1 + self.seeds)


def _words(dimension: Dimension) -> list[str]:
    return [dimension.word(value) for value in dimension.values]
