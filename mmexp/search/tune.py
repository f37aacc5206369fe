"""The fair budget: each fusion, and each input alone, is tuned with as many trials, then trained with fresh seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmexp.run.summary import DONE, RunRow
from mmexp.search.base import Search
from mmexp.search.selection import Selection
from mmexp.search.way import Way, Ways, Words, fresh_seeds


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
        self.trials, self.seeds, self.seed = trials, seeds, seed
        self.selection = Selection(metric, select_on_test)
        self.note = self.selection.note
        self.ways = Ways(overrides, space)
        each = f"{trials} trial(s) of each"
        self._stages = {
            f"{each} fusion": self._fused,
            f"{each} input alone": self._alone,
            f"{seeds} new seed(s) of the best settings of each": self._best,
        }
        self._proposed: list[list[Words]] = []
        self._known: dict[Words, float] = {}
        self._run: RunRow | None = None

    def ask(self) -> list[list[str]]:
        """Return the trials of all fusions, then those of each input alone, then new seeds of the best of each way."""
        for stage in list(self._stages):
            self.asked = stage
            if proposals := self._stages.pop(stage)():
                return proposals
        return []

    def tell(self, overrides: Sequence[str], run: RunRow | None) -> None:
        if run is None or run.status != DONE:
            return
        self._run = self._run or run
        if (score := self.selection.score(run)) is not None:
            self._known[tuple(overrides)] = score

    def _fused(self) -> list[list[str]]:
        return self._trials(self.ways.fused)

    def _alone(self) -> list[list[str]]:
        return self._trials(self.ways.alone(self._run))

    def _trials(self, ways: Sequence[Way]) -> list[list[str]]:
        """Return the trials of some ways, and note which are of one."""
        found = [way.trials(self.trials, self.seed) for way in ways]
        self._proposed += found
        return [list(words) for trials in found for words in trials]

    def _best(self) -> list[list[str]]:
        """Return the best settings of each way of which a trial is done, with each of the new seeds."""
        found = []
        for trials in self._proposed:
            done = [trial for trial in trials if trial in self._known]
            if done:
                best = max(done, key=lambda trial: self._known[trial])
                rest = [word for word in best if not word.startswith("seed=")]
                seeds = fresh_seeds(best, self.seeds)
                found += [[*rest, f"seed={seed}", f"tuned={self.trials}"] for seed in seeds]
        return found
