"""A budget of time: short trials of all ways, longer ones of the better half, and new seeds of those that are left."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from mmexp.error import ConfigError
from mmexp.run import summary
from mmexp.run.atomic import write_once
from mmexp.run.jsonfile import dumps, read_json
from mmexp.run.summary import DONE, RunRow
from mmexp.run.sweep import SweepFolder
from mmexp.search.base import Search
from mmexp.search.plan import Plan
from mmexp.search.rung import FIRST, SEEDS, Trial, named
from mmexp.search.selection import Selection
from mmexp.search.way import Ways, Words


class HalvingSearch(Search):
    """Spend a budget on the ways of a comparison: successive halving on val, then new seeds of the finalists.

    The ways are the values of ``fusion``, and each input alone. A rung gives each way that is left as many trials as
    fit, of a share of the epochs that doubles from rung to rung; then the worse half of the fusions is left out. An
    input alone is never left out, so that the baselines are tuned as the finalists are. One half of the budget is kept
    for seeds not used before, of the finalists, each input alone and the controls; these runs carry ``tuned=<trials>``.

    What each job took counts, whoever ran it and whenever: a sweep that is resumed spends what is left. Each round
    is written to the folder of the sweep, so that it is decided once.

    Source: Jamieson and Talwalkar 2016, "Non-stochastic Best Arm Identification and Hyperparameter Optimization",
    arXiv 1502.07943.

    Args:
        overrides: As of ``Search``; but for ``fusion``, what has several values or an interval is tuned.
        budget: Seconds in all, of all jobs at once.
        trials: Of each way in a rung, at most.
        finalists: Fusions that are trained with new seeds, at most.
        seeds: New ones, at most.
        seed: Of the draws.
        metric: As of ``Selection``.
        select_on_test: As of ``Selection``.
        space: Keys with their sweeps; None for what ``conf/search/space`` has for each fusion, else the optimizer's.

    Raises:
        ValueError: If there is no budget, or are no trials, finalists or seeds.
        ConfigError: If the metric is not of the validation split, and that is not allowed.
    """

    def __init__(
        self,
        *,
        overrides: Sequence[str],
        budget: float = 1800.0,
        trials: int = 10,
        finalists: int = 3,
        seeds: int = 10,
        seed: int = 0,
        metric: str | None = None,
        select_on_test: bool = False,
        space: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(overrides=overrides)
        if budget <= 0:
            raise ValueError(f"HalvingSearch: budget must be above 0 s, got {budget:g}.")
        for name, value in {"trials": trials, "finalists": finalists, "seeds": seeds}.items():
            if value < 1:
                raise ValueError(f"HalvingSearch: {name} must be at least 1, got {value}.")
        self.selection = Selection(metric, select_on_test)
        self.note = self.selection.note
        ways = Ways(overrides, space)
        self.plan = Plan(ways, budget=budget, trials=trials, finalists=finalists, seeds=seeds, seed=seed)
        self._folder = Path()
        self._workers, self._rounds = 1, 0
        self._round: list[Trial] = []
        self._ended: set[Words] = set()

    def open(self, folder: Path, workers: int) -> None:
        self._folder, self.plan.workers = folder.absolute(), workers

    def ask(self) -> list[list[str]]:
        """Return the jobs of the next round: the one that was decided before, by whichever process, or a new one.

        Raises:
            ConfigError: If the budget is too small for one trial of each way and three seeds of the best one.
        """
        while True:
            path = self._folder / f"round-{self._digest()}-{self._rounds + 1:02d}.json"
            if not path.exists():
                self._refuse_small()
                if not (trials := self.plan.next()):
                    return []
                known = [{**asdict(one), "words": self._numbered(one.words)} for one in trials]
                write_once(path, dumps({"workers": self.plan.workers, "trials": known}))
            found = read_json(path)
            self._round = [Trial(**{**one, "words": self._spelled(one["words"])}) for one in found["trials"]]
            self._workers, self._rounds = int(found["workers"]), self._rounds + 1
            self.plan.planned += self._round
            alone = [way.name for way in self.plan.alone()]
            self.asked = named(self._round, alone, len(self.plan.sizes))
            if new := dict.fromkeys(one.words for one in self._round if one.words not in self._ended):
                return [list(words) for words in new]

    def tell(self, overrides: Sequence[str], run: RunRow | None) -> None:
        words = tuple(overrides)
        trial = next(one for one in self._round if one.words == words)
        job = SweepFolder(self._folder).job(overrides)
        seconds = (job.state().seconds if job else None) or 0.0
        self.plan.used += seconds / self._workers
        self._ended.add(words)
        if run is None or run.status != DONE:
            return
        if not trial.control:
            self.plan.run = self.plan.run or run
            once = summary.read(run.folder).get("seconds", {}).get("encode", 0.0)
            self.plan.costs.add(trial.way, trial.share, seconds - once, run.seconds or 0.0)
        if (score := self.selection.score(run)) is not None:
            self.plan.scores[words] = score

    def _numbered(self, words: Words) -> list[int | str]:
        """Replace what is typed by its number, so that no secret in it is written."""
        return [self.overrides.index(word) if word in self.overrides else word for word in words]

    def _spelled(self, words: Sequence[int | str]) -> Words:
        return tuple(self.overrides[word] if isinstance(word, int) else word for word in words)

    def _digest(self) -> str:
        """What sets it apart from another search of the same sweep."""
        return hashlib.sha256(repr(self.overrides).encode()).hexdigest()[:8]

    def _refuse_small(self) -> None:
        """Refuse a budget that is too small, as soon as the first run shows what one costs."""
        plan = self.plan
        if plan.run is None or any(one.stage != FIRST for one in plan.planned) or plan.least <= plan.budget:
            return
        ways = f"{len(plan.ways.fused)} fusions and {len(plan.alone())} inputs alone"
        rule = (
            f"budget must be at least {plan.least} s for a trial of each of {ways}, and {SEEDS} new seeds of the best"
        )
        more = SweepFolder(self._folder).line("extend", f"search.budget={plan.least}")
        raise ConfigError(f"HalvingSearch: {rule}, got {plan.budget:g} s.", f"Run: {more}\nOr name fewer fusions.")
