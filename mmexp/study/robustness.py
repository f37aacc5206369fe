"""How a run degrades where its inputs are corrupted or attacked, kind by kind and at five severities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from mmexp.attack.base import Attack
from mmexp.corruption.catalogue import corruptions
from mmexp.error import ConfigError, nearest
from mmexp.study.adversarial import Attacks, attacks_on
from mmexp.study.altered import Changed
from mmexp.study.estimate import Estimate, Measured, measured
from mmexp.study.missing import Progress
from mmexp.study.scored import Scored
from mmexp.study.shift import Shift, shift_of
from mmexp.study.studied_run import StudiedRun

SEVERITIES = range(1, 6)
RELATIVE = "mean height of the curve of the metric over severities 0 to 5 (its area, by trapezoids)"
EFFECTIVE = "the same area, from which that of the reference is taken, each less its own metric at severity 0"


@dataclass(frozen=True)
class Case:
    """One corruption of one modality, or attack on it, at a severity from 1 to 5; 0 is the split as it is.

    Args:
        modality: That is corrupted.
        corruption: Its name, or that of the attack.
        severity: Of it.
    """

    modality: str = ""
    corruption: str = ""
    severity: int = 0


CLEAN = Case()
Value = Callable[[Any], Any]


@dataclass(frozen=True)
class Robustness:
    """The metric of a run with each corruption and under each attack.

    Args:
        study: The run.
        found: By case.
        seed: Of the corruptions, and of random starts.
        attacks: On the run; None if it was not attacked.
        shift: Between groups seen in training and others; None where there are not both.
    """

    study: StudiedRun
    found: Measured[Case]
    seed: int
    attacks: Attacks | None = None
    shift: Shift | None = None

    @property
    def curves(self) -> list[tuple[str, str]]:
        """Each modality with each of its corruptions and attacks."""
        return list(dict.fromkeys((one.modality, one.corruption) for one in self.found.values if one != CLEAN))

    @property
    def averaged(self) -> list[tuple[str, str]]:
        """Curves that means are over: the corruptions; the attacks where there is nothing else."""
        return [one for one in self.curves if not self._is_attack(one)] or self.curves

    def at(self, modality: str, corruption: str, severity: int) -> Estimate:
        """Return the metric at a severity."""
        return self.found.estimate(lambda value: value(_case(modality, corruption, severity)))

    def relative(self, curves: Sequence[tuple[str, str]]) -> Estimate:
        """Return the relative robustness, the mean over some curves, see ``RELATIVE``."""
        return self.found.estimate(lambda value: _mean(value, curves))

    def effective(self, curves: Sequence[tuple[str, str]], reference: Robustness | None = None) -> Estimate:
        """Return the effective robustness, the mean over some curves, see ``EFFECTIVE``; positive is more robust.

        Source: Liang et al. 2021, "MultiBench", https://arxiv.org/abs/2107.07502, appendix: the reference is equalised
        for its metric on clean data. There it is late fusion.

        Args:
            curves: Modality and corruption.
            reference: On the same samples and corruptions; a metric that does not change if None.
        """
        sign = self.study.sign
        if reference is None:
            return self.found.estimate(lambda value: sign * (_mean(value, curves) - value(CLEAN)))
        both = _joined(self.found, reference.found)

        def fall(value: Value, which: int) -> Any:
            own = partial(_of, value, which)
            return _mean(own, curves) - own(CLEAN)

        return both.estimate(lambda value: sign * (fall(value, 0) - fall(value, 1)))

    def plain(self, reference: Robustness | None = None) -> dict[str, Any]:
        """Return what is written and what ``--json`` prints."""
        study, curves = self.study, self.averaged
        modalities = list(dict.fromkeys(modality for modality, _ in curves))
        parts = {name: [one for one in curves if one[0] == name] for name in modalities}
        return {
            **study.plain(),
            "seed": self.seed,
            "reference": reference.study.run.folder.id if reference else None,
            "definition": {"relative": RELATIVE, "effective": EFFECTIVE},
            "clean": self.found.estimate(lambda value: value(CLEAN)).plain(),
            "corruptions": [self._plain(one, reference) for one in self.curves],
            "shift": self.shift.plain() if self.shift else None,
            "not_attacked": dict(self.attacks.refused) if self.attacks else {},
            "modalities": {name: self._areas(own, reference) for name, own in parts.items()},
            "all": self._areas(curves, reference),
        }

    def _plain(self, curve: tuple[str, str], reference: Robustness | None) -> dict[str, Any]:
        modality, name = curve
        values = [self.at(modality, name, severity).plain() for severity in SEVERITIES]
        known = {"modality": modality, "corruption": name, "severities": values}
        return {**known, **self._levels(curve), **self._areas([curve], reference)}

    def _levels(self, curve: tuple[str, str]) -> dict[str, Any]:
        modality, name = curve
        if self.attacks and self._is_attack(curve):
            return {"levels": list(self.attacks.levels(modality)), "epsilon": self.attacks.unit(modality)}
        return {"levels": list(corruptions(self.study.kind(modality))[name].levels)}

    def _is_attack(self, curve: tuple[str, str]) -> bool:
        return self.attacks is not None and curve in self.attacks.curves

    def _areas(self, curves: Sequence[tuple[str, str]], reference: Robustness | None) -> dict[str, Any]:
        return {
            "relative": self.relative(curves).plain(),
            "effective": self.effective(curves, reference).plain(),
        }


def corrupt(
    study: StudiedRun,
    only: Collection[str] = (),
    seed: int = 0,
    progress: Progress = lambda done, total: None,
    attacks: Mapping[str, Attack] = MappingProxyType({}),
) -> Robustness:
    """Evaluate a run with each corruption of each of its modalities, one modality at a time, and under each attack.

    Args:
        study: The run.
        only: Names of corruptions, attacks or modalities; all if there are none.
        seed: Of the corruptions: with the sample and the severity it fixes what becomes of a value.
        progress: Takes how many evaluations of how many are done.
        attacks: By name.

    Raises:
        ConfigError: If there is no such corruption, none of what it reads, or the run cannot be attacked.
    """
    attacked = attacks_on(study, attacks, seed) if attacks else None
    corrupted = [(modality, name) for modality in study.inputs for name in corruptions(study.kind(modality))]
    chosen = _chosen(study, [*corrupted, *(attacked.curves if attacked else ())], only)
    cases = [Case(modality, name, severity) for modality, name in chosen for severity in SEVERITIES]
    scores: dict[Case, Scored] = {CLEAN: study.score()}
    for case in cases:
        if attacked and (case.modality, case.corruption) in attacked.curves:
            scores[case] = attacked.score(case.modality, case.corruption, case.severity)
        else:
            change = partial(_corrupt, study.kind(case.modality), case.corruption, case.severity, seed)
            scores[case] = study.score(Changed(study.samples, {case.modality: change}))
        progress(len(scores), len(cases) + 1)
    return Robustness(study, measured(scores, study.metric), seed, attacked, shift_of(study))


def _chosen(study: StudiedRun, known: Sequence[tuple[str, str]], only: Collection[str]) -> list[tuple[str, str]]:
    """Return the curves that are asked for.

    Raises:
        ConfigError: If there is none of a name, two of one, or none at all.
    """
    if not known:
        kinds = ", ".join(study.kind(one) for one in study.inputs)
        raise ConfigError(f"robustness: RUN must have an input of a kind with corruptions, got {kinds}.")
    if twice := [pair for pair, count in Counter(known).items() if count > 1]:
        rule = "robustness: attack must have a name that no corruption has"
        raise ConfigError(f"{rule}, got '{twice[0][1]}', which is one of {twice[0][0]}.")
    names = sorted({word for pair in known for word in pair})
    if unknown := [word for word in only if word not in names]:
        rule = f"robustness: --only must be among {', '.join(names)}, got '{unknown[0]}'"
        raise ConfigError(f"{rule}. {nearest(unknown[0], names)}")
    return [pair for pair in known if not only or {*pair} & {*only}]


def refuse_other(one: Robustness, reference: Robustness) -> None:
    """Refuse a reference that was evaluated on something else.

    Raises:
        ConfigError: If samples, metric or corruptions differ.
    """
    for name, own, other in (
        ("samples", one.found.ids, reference.found.ids),
        ("corruptions and attacks", one.curves, reference.curves),
        ("seed", one.seed, reference.seed),
    ):
        if own != other:
            raise ConfigError(f"robustness: --reference must have the same {name} as RUN, got others.")


def _corrupt(kind: str, name: str, severity: int, seed: int, sample: str, value: Any) -> Any:
    corruption = corruptions(kind)[name]
    return corruption(value, corruption.levels[severity - 1], sample, seed)


def _case(modality: str, corruption: str, severity: int) -> Case:
    return Case(modality, corruption, severity) if severity else CLEAN


def _mean(value: Value, curves: Sequence[tuple[str, str]]) -> Any:
    """Mean height of some curves."""
    return sum(_height(value, *curve) for curve in curves) / len(curves)


def _height(value: Value, modality: str, corruption: str) -> Any:
    points = [value(_case(modality, corruption, severity)) for severity in (0, *SEVERITIES)]
    return (points[0] / 2 + sum(points[1:-1]) + points[-1] / 2) / (len(points) - 1)


def _joined(one: Measured[Case], other: Measured[Case]) -> Measured[tuple[int, Case]]:
    """Both by number and case, on the same samples."""
    both = (one, other)
    values = {(number, case): value for number, own in enumerate(both) for case, value in own.values.items()}
    metrics = {(number, case): metric for number, own in enumerate(both) for case, metric in own.metrics.items()}
    return Measured(values, metrics, one.ids, one.groups)


def _of(value: Value, number: int, case: Case) -> Any:
    return value((number, case))
