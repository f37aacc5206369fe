"""Which modality did the work: exact Shapley values of the modalities of a trained run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmexp.error import ConfigError
from mmexp.study.estimate import Estimate, Measured, measured
from mmexp.study.missing import Progress
from mmexp.study.scored import Scored
from mmexp.study.shapley import shapley
from mmexp.study.studied_run import ABSENT, MOST, StudiedRun, subsets

Coalition = tuple[str, ...]


@dataclass(frozen=True)
class Contribution:
    """What each modality adds to a metric.

    Args:
        study: The run.
        players: Its modalities.
        scores: By what the model is given of a modality outside of a coalition, by coalition.
    """

    study: StudiedRun
    players: Coalition
    scores: Mapping[str, Mapping[Coalition, Scored]]

    @property
    def absent(self) -> str:
        """What the values by class and by sample are of: ``missing``, unless the task needs all its inputs."""
        return next(iter(self.scores))

    def measured(self, absent: str) -> Measured[Coalition]:
        """Return the metric of each coalition."""
        return measured(self.scores[absent], self.study.metric)

    def values(self, found: Measured[Coalition]) -> dict[str, Estimate]:
        """Return the Shapley value of each modality, positive where it makes the metric better."""
        return values(self.players, found, self.study.sign)

    def utilisation(self, found: Measured[Coalition]) -> dict[str, Estimate]:
        """Return the conditional utilisation rate of each modality given all others, ``(v(all) - v(others)) / v(all)``.

        Source: Wu et al. 2022, "Characterizing and Overcoming the Greedy Nature of Learning in Multi-modal Deep Neural
        Networks", https://arxiv.org/abs/2202.05306, eq. 2. Differs: the model without a modality is this one, not
        one of its unimodal branches.
        """

        def rate(name: str) -> Estimate:
            return found.estimate(lambda value: self._use(value, name))

        return {name: rate(name) for name in self.players}

    def dominance(self, found: Measured[Coalition]) -> tuple[str, str, Estimate]:
        """Return the modality that is used most, the next one, and by how much their utilisation rates differ."""
        rates = self.utilisation(found)
        first, second = sorted(rates, key=lambda name: -rates[name].value)[:2]
        gap = found.estimate(lambda value: self._use(value, first) - self._use(value, second))
        return first, second, gap

    def _use(self, value: Callable[[Coalition], Any], name: str) -> Any:
        whole, rest = value(self.players), value(tuple(one for one in self.players if one != name))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.divide(self.study.sign * (whole - rest), abs(whole))

    def plain(self) -> dict[str, Any]:
        """Return what is written and what ``--json`` prints."""
        study = self.study
        whole = self.measured(self.absent)
        first, second, gap = self.dominance(whole)
        return {
            **study.plain(),
            "missing": study.run.config.get("missing"),
            "always_present": [name for name in study.inputs if name not in self.players],
            "absent": {name: self._plain(name) for name in self.scores},
            "utilisation": {name: one.plain() for name, one in self.utilisation(whole).items()},
            "dominance": {"modality": first, "over": second, "difference": gap.plain()},
        }

    def _plain(self, absent: str) -> dict[str, Any]:
        found = self.measured(absent)

        def row(key: Coalition) -> dict[str, Any]:
            return {"modalities": list(key), **found.estimate(lambda value: value(key)).plain()}

        return {
            "coalitions": [row(key) for key in subsets(self.players)],
            "shapley": {name: one.plain() for name, one in self.values(found).items()},
        }


def values(players: Coalition, found: Measured[Coalition], sign: int = 1) -> dict[str, Estimate]:
    """Return the Shapley value of each player in a metric, or in its negative.

    Args:
        players: In order.
        found: The metric of each coalition.
        sign: 1, or -1 if less of it is better.
    """

    def one(name: str) -> Estimate:
        return found.estimate(lambda value: sign * shapley(players, value)[name])

    return {name: one(name) for name in players}


def contribute(
    study: StudiedRun, absent: Sequence[str] = ABSENT, progress: Progress = lambda done, total: None
) -> Contribution:
    """Evaluate a run with every coalition of its modalities.

    Args:
        study: The run.
        absent: What the model is given of the others, some of ``ABSENT``; ``missing`` is left out for a task that
            needs its inputs.
        progress: Takes how many evaluations of how many are done.

    Raises:
        ConfigError: If there is no such way, or it has fewer than two modalities, or too many.
    """
    if unknown := [name for name in absent if name not in ABSENT]:
        raise ConfigError(f"contribution: --absent must be among {', '.join(ABSENT)}, got '{unknown[0]}'.")
    players = study.removable
    ways = list(dict.fromkeys(absent))
    if len(players) < 2:
        players = [name for name in study.inputs if name != study.trained.task.anchor]
        ways = [name for name in ways if name != "missing"]
    if not 2 <= len(players) <= MOST or not ways:
        rule = f"contribution: RUN must have 2 to {MOST} inputs that its task can do without"
        raise ConfigError(f"{rule}, got {', '.join(players) or 'none'} of {', '.join(study.inputs)}.")
    coalitions = subsets(players)
    total, done = len(ways) * (len(coalitions) - 1) + 1, 1
    whole = study.score()
    scores: dict[str, dict[Coalition, Scored]] = {name: {tuple(players): whole} for name in ways}
    for name in ways:
        for coalition in coalitions[1:]:
            others = [one for one in players if one not in coalition]
            scores[name][coalition] = study.score_without(others, name)
            done += 1
            progress(done, total)
    return Contribution(study, tuple(players), scores)
