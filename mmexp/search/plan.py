"""What is trained next with what is left of a budget."""

from __future__ import annotations

import math
from itertools import count

from mmexp.run.start import read_start
from mmexp.run.summary import RunRow
from mmexp.search.cost import Costs
from mmexp.search.rung import (
    FINAL,
    FIRST,
    SEEDS,
    Trial,
    best,
    seeds_within,
    share_of_epochs,
    sizes_of_rungs,
    survivors,
    trials_within,
)
from mmexp.search.way import Way, Ways, Words, fresh_seeds, with_words

CONTROLS = ("blank", "shuffled")


class Plan:
    """Plan rounds of trials, from how those before came out.

    Args:
        ways: What is compared.
        budget: Seconds in all.
        trials: Of each way in a rung, at most.
        finalists: Fusions that are trained with new seeds, at most.
        seeds: New ones, at most.
        seed: Of the draws.

    Attributes:
        planned: All trials so far.
        scores: By the overrides of a trial that is done; more is better.
        costs: What was measured.
        used: Seconds of the budget so far.
        workers: Jobs at once.
        run: The first that is done, which says what inputs there are.
    """

    def __init__(self, ways: Ways, *, budget: float, trials: int, finalists: int, seeds: int, seed: int) -> None:
        self.ways, self.budget, self.trials = ways, budget, trials
        self.finalists, self.seeds, self.seed = finalists, seeds, seed
        self.sizes = sizes_of_rungs(len(ways.fused), finalists)
        self.planned: list[Trial] = []
        self.scores: dict[Words, float] = {}
        self.costs = Costs()
        self.used, self.workers = 0.0, 1
        self.run: RunRow | None = None
        self._alone: list[Way] | None = None

    def next(self) -> list[Trial]:
        """Return the next round; none when there is nothing more to do, or no time for it."""
        if self.run is None:
            return self.first()
        stage = max(one.stage for one in self.planned)
        if stage == FINAL:
            return self.more_seeds()
        if stage == 0 and not any(one.setting for one in self.planned) and (more := self.rung(0, begun=1)):
            return more
        return self.rung(stage + 1) if stage + 1 < len(self.sizes) else self.finals()

    @property
    def least(self) -> int:
        """The budget for a trial of each way on each rung, and three seeds of the best fusion, as far as is known."""
        (name,), alone, rungs = self.costs.measured, len(self.alone()), len(self.sizes)
        shares = [share_of_epochs(stage, rungs) for stage in range(rungs)]
        needed = sum((size + alone) * self.costs.of(name, one) for size, one in zip(self.sizes, shares, strict=True))
        needed += (SEEDS * (1 + alone) + len(self.controls)) * self.costs.of(name)
        return math.ceil(self.used + needed / self.workers)

    @property
    def controls(self) -> tuple[str, ...]:
        """What is done to the inputs of the best fusion, so that a real result vanishes; none without a fusion."""
        return CONTROLS if self.run and self.run.is_fusion else ()

    def alone(self) -> list[Way]:
        """Return each input alone."""
        if self._alone is None and self.run is not None:
            self._alone = self.ways.alone(self.run)
        return self._alone or []

    def first(self) -> list[Trial]:
        """Return the first trial of a fusion, which shows what a run costs; of the next one if that has failed."""
        tried = {one.way for one in self.planned}
        return [Trial(FIRST, way.name, 0, way.words) for way in self.ways.fused if way.name not in tried][:1]

    def rung(self, stage: int, begun: int = 0) -> list[Trial]:
        """Return the trials of a rung.

        Args:
            stage: Its number.
            begun: Trials of each way that it has had: one on the first rung, which shows what each way costs.
        """
        ways, rungs = self._left(stage), len(self.sizes)
        share = share_of_epochs(stage, rungs)
        seconds = (self.budget / 2 - self.used) * self.workers / (rungs - stage)
        fit = trials_within(seconds, [self.costs.of(way.name, share) for way in ways], self.trials - begun)
        number = begun + fit if begun else max(1, fit) if stage else 1
        return [self._trial(way, stage, one) for way in ways for one in self._settings(way, stage, number)[begun:]]

    def _left(self, stage: int) -> list[Way]:
        """Return the ways on a rung: all on the first one, then the better half of the fusions and each input alone."""
        ways = [*self.ways.fused, *self.alone()]
        if stage == 0:
            return ways
        scores = self._scores(stage - 1)
        fused = {way.name: scores[way.name] for way in self.ways.fused if way.name in scores}
        number = survivors(len(fused), self.finalists) if stage < len(self.sizes) else self.finalists
        kept = best(fused, number)
        return [
            *sorted((way for way in ways if way.name in kept), key=lambda way: kept.index(way.name)),
            *self._scored(),
        ]

    def _scored(self) -> list[Way]:
        """Return the inputs alone of which a trial is done."""
        known = {one.way for one in self.planned if one.words in self.scores}
        return [way for way in self.alone() if way.name in known]

    def _scores(self, stage: int) -> dict[str, float]:
        """Return the best score of each way on a rung."""
        found: dict[str, float] = {}
        for one in self.planned:
            if one.stage == stage and one.words in self.scores:
                found[one.way] = max(self.scores[one.words], found.get(one.way, -math.inf))
        return found

    def _settings(self, way: Way, stage: int, number: int) -> list[int]:
        """Return which settings of a way are tried: the best of the rung before, then new ones."""
        own = [one for one in self.planned if one.way == way.name and one.words in self.scores]
        before = sorted((one for one in own if one.stage == stage - 1), key=lambda one: -self.scores[one.words])
        kept = [one.setting for one in before] if stage else []
        new = (setting for setting in count() if setting not in kept)
        return [*kept, *(next(new) for _ in range(number))][:number]

    def _trial(self, way: Way, stage: int, setting: int) -> Trial:
        words = way.trials(setting + 1, self.seed)[setting]
        whole, share = self._epochs(way), share_of_epochs(stage, len(self.sizes))
        epochs = max(1, round(whole * share))
        if epochs >= whole:
            return Trial(stage, way.name, setting, words)
        short = with_words(words, f"training.epochs={epochs}", f"training.validate_every={epochs}")
        return Trial(stage, way.name, setting, short, epochs / whole)

    def _epochs(self, way: Way) -> int:
        """Return the epochs of a whole training; 1, which can't be divided, where they are not known or are tuned."""
        tuned = "training.epochs" in way.space or any(word.startswith("training.epochs=") for word in way.searched)
        known = read_start(self.run.folder).get("training", {}) if self.run and not tuned else {}
        return int(known.get("epochs", 1))

    def finals(self) -> list[Trial]:
        """Return new seeds of the finalists, of each input alone, and of the controls one."""
        ways = self._left(len(self.sizes))
        fused, others = [way for way in ways if not way.alone], [way for way in ways if way.alone]
        if not fused:
            return []
        costs = [self.costs.of(way.name) for way in fused]
        seconds = (self.budget - self.used) * self.workers - len(self.controls) * costs[0]
        number, seeds = seeds_within(seconds, costs, sum(self.costs.of(way.name) for way in others), self.seeds)
        chosen = [self._chosen(way) for way in [*fused[:number], *others]]
        again = [self._again(one, seed) for seed in range(seeds) for one in chosen]
        return [*again, *(self._again(chosen[0], 0, control) for control in self.controls)]

    def more_seeds(self) -> list[Trial]:
        """Return further seeds of what had new seeds, as many as there is time for."""
        names = dict.fromkeys(one.way for one in self.planned if one.stage == FINAL and not one.control)
        chosen = [self._chosen(way) for way in [*self.ways.fused, *self.alone()] if way.name in names]
        begun = sum(one.stage == FINAL and not one.control for one in self.planned) // len(names)
        each = sum(self.costs.of(name) for name in names)
        fit = int((self.budget - self.used) * self.workers // each) if each else self.seeds
        return [self._again(one, seed) for seed in range(begun, min(self.seeds, begun + fit)) for one in chosen]

    def _chosen(self, way: Way) -> Trial:
        """Return the best trial of a way on the last rung."""
        own = [one for one in self.planned if one.way == way.name and one.stage < FINAL and one.words in self.scores]
        return max(own, key=lambda one: (one.stage, self.scores[one.words]))

    def _again(self, one: Trial, number: int, control: str = "") -> Trial:
        """Return a trial with a new seed."""
        tuned = sum(other.way == one.way and FIRST < other.stage < FINAL for other in self.planned)
        seed = fresh_seeds(one.words, number + 1)[number]
        shuffled = [f"control={control}"] if control else []
        words = with_words(one.words, *shuffled, f"seed={seed}", f"tuned={tuned}")
        return Trial(FINAL, one.way, one.setting, words, control=control)
