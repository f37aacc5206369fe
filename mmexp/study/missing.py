"""How a run degrades where modalities are missing at test: each subset, shares of samples, shares of a sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mmexp.analysis.interval import interval_of
from mmexp.corruption.catalogue import corruptions
from mmexp.error import ConfigError
from mmexp.study.altered import Changed, Without
from mmexp.study.estimate import Estimate, Measured, measured
from mmexp.study.scored import Scored
from mmexp.study.studied_run import MOST, StudiedRun, subsets

SHARES = (0.25, 0.5, 0.75)
"""Of samples that lack a modality, and of a sequence that is lost."""
DEGRADATION = "mean over all subsets of the modalities but the whole and the empty one of (v(all) - v(S)) / |v(all)|"
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Gap:
    """What is missing at test.

    Args:
        kind: ``subset`` of the modalities that are present; ``samples`` that lack a modality; ``sequence`` of which a
            contiguous part is lost.
        names: Modalities that are present in a subset, else the one that is missing.
        share: Of the samples or of the sequence.
    """

    kind: str
    names: tuple[str, ...]
    share: float = 1.0


@dataclass(frozen=True)
class Degradation:
    """What a run came to with each gap.

    Args:
        study: The run.
        modalities: That may be missing.
        found: Its metric by gap.
    """

    study: StudiedRun
    modalities: tuple[str, ...]
    found: Measured[Gap]

    @property
    def whole(self) -> Gap:
        """Nothing is missing."""
        return Gap("subset", self.modalities)

    def value(self, gap: Gap) -> Estimate:
        """Return the metric with a gap."""
        return self.found.estimate(lambda value: value(gap))

    def drop(self, gap: Gap) -> Estimate:
        """Return by which share of itself the metric gets worse."""
        return self.found.estimate(partial(self._drop, gap=gap))

    @property
    def score(self) -> Estimate:
        """The mean relative drop, see ``DEGRADATION``."""
        return self.found.estimate(self.mean_drop)

    def mean_drop(self, value: Callable[[Gap], Any]) -> Any:
        """Return the mean relative drop, from what gives the metric with a gap."""
        parts = [Gap("subset", one) for one in subsets(self.modalities)[1:-1]]
        return sum(self._drop(value, one) for one in parts) / len(parts)

    def _drop(self, value: Callable[[Gap], Any], gap: Gap) -> Any:
        whole = value(self.whole)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.divide(self.study.sign * (whole - value(gap)), abs(whole))

    def plain(self) -> dict[str, Any]:
        """Return what is written and what ``--json`` prints."""
        study = self.study
        root = study.trained.root
        policy = str(study.run.config.get("missing", ""))
        rows = [
            {"kind": one.kind, "modalities": list(one.names), "share": one.share, **self.value(one).plain()}
            | ({"drop": self.drop(one).plain()} if one != self.whole else {})
            for one in self.found.values
        ]
        return {
            **study.plain(),
            "missing": policy,
            "modality_dropout": root["training"].get("modality_dropout", 0.0),
            "always_present": [name for name in study.inputs if name not in self.modalities],
            "gaps": rows,
            "degradation": {"definition": DEGRADATION, **self.score.plain()},
        }


def degrade(study: StudiedRun, seed: int = 0, progress: Progress = lambda done, total: None) -> Degradation:
    """Evaluate a run with every subset of its modalities, and with graded shares of each one missing.

    Source: Zheng et al. 2026, "MuteBench", https://arxiv.org/abs/2605.15235: modality missing, and within-modality
    missing, a contiguous segment that is lost, at controlled severities.

    Args:
        study: The run.
        seed: Of which samples lack a modality (those of a smaller share lack it at a larger one too), and of which
            part of a sequence is lost.
        progress: Takes how many evaluations of how many are done.

    Raises:
        ConfigError: If its task can do without fewer than two of its modalities, or there are too many.
    """
    names = study.removable
    if not 2 <= len(names) <= MOST:
        rule = f"missing: RUN must have 2 to {MOST} inputs that its task can do without"
        raise ConfigError(f"{rule}, got {', '.join(names) or 'none'} of {', '.join(study.inputs)}.")
    gaps = [Gap("subset", one) for one in subsets(names)]
    gaps += [Gap("samples", (name,), share) for name in names for share in SHARES]
    sequences = [name for name in names if "drop" in corruptions(study.kind(name))]
    gaps += [Gap("sequence", (name,), share) for name in sequences for share in SHARES]
    scores: dict[Gap, Scored] = {}
    for gap in gaps:
        scores[gap] = _score(study, gap, names, seed)
        progress(len(scores), len(gaps))
    return Degradation(study, tuple(names), measured(scores, study.metric))


def compare(one: Degradation, other: Degradation) -> Estimate | None:
    """Return by how much more one run degrades than another, on the same samples; None if they differ in these."""
    if one.found.ids != other.found.ids or one.modalities != other.modalities:
        return None
    value = one.score.value - other.score.value
    if not (one.found.metrics and other.found.metrics):
        return Estimate(value)

    def difference(weights: np.ndarray) -> np.ndarray:
        def drop(run: Degradation) -> Any:
            return run.mean_drop(lambda gap: run.found.metrics[gap](weights))

        return np.asarray(drop(one) - drop(other))

    return Estimate(value, interval_of(difference, one.found.ids, one.found.groups))


def _score(study: StudiedRun, gap: Gap, names: Sequence[str], seed: int) -> Scored:
    if gap.kind == "subset":
        return study.score_without([name for name in names if name not in gap.names])
    (name,) = gap.names
    if gap.kind == "samples":
        order = np.random.default_rng((seed, names.index(name))).permutation(len(study.samples))
        return study.score(Without(study.samples, {name: order < round(gap.share * len(order))}))
    return study.score(Changed(study.samples, {name: partial(_lose, study.kind(name), gap.share, seed)}))


def _lose(kind: str, share: float, seed: int, sample: str, value: Any) -> Any:
    return corruptions(kind)["drop"](value, share, sample, seed)
