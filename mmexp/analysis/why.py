"""Why two runs differ: all that separates them, what explains the difference best first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mmexp.analysis.cause import Cause, Record, recorded_causes
from mmexp.analysis.config_difference import Factor, config_difference
from mmexp.analysis.difference import Difference
from mmexp.analysis.evidence import Effect, Evidence, SeedNoise
from mmexp.analysis.margin import margin
from mmexp.analysis.verdict import LEVEL
from mmexp.error import ConfigError, nearest
from mmexp.run.summary import RunRow

_ORDER = ("data", "chance", "config", "code", "packages", "hardware", "idle")
_OF_SPLIT = "of the split"


@dataclass(frozen=True)
class Explanation:
    """What separates two runs.

    Args:
        a: The first run.
        b: The second one.
        metric: Key by which they are compared; empty where they share none.
        causes: What differs, what explains the difference best first.
        noise: How much the metric varies over seeds; None where that is not known.
        interval: By how much the second is better, with its interval; None where there is none.
    """

    a: RunRow
    b: RunRow
    metric: str
    causes: tuple[Cause, ...]
    noise: SeedNoise | None = None
    interval: Difference | None = None

    @property
    def values(self) -> tuple[float | None, float | None]:
        """The metric of each run."""
        return self.a.metrics.get(self.metric), self.b.metrics.get(self.metric)

    @property
    def difference(self) -> float | None:
        """The metric of the second run minus that of the first; None where one has none."""
        a, b = self.values
        return None if a is None or b is None else b - a

    @property
    def same(self) -> list[str]:
        """Kinds of causes of which there is none."""
        return [kind for kind in _ORDER[:-1] if kind not in {"chance", *(one.kind for one in self.causes)}]

    def plain(self) -> dict[str, Any]:
        """Return what is printed as JSON."""
        named: dict[str, Any] = {"a": self.a.folder.id, "b": self.b.folder.id, "metric": self.metric or None}
        named |= dict(zip(("value_a", "value_b"), self.values, strict=True)) | {"difference": self.difference}
        named["seed_noise"] = vars(self.noise) if self.noise else None
        found = self.interval
        named["interval"] = {"low": found.low, "high": found.high, "over": found.over, "p": found.p} if found else None
        return named | {"causes": [one.plain() for one in self.causes], "same": self.same}


def explain(a: RunRow, b: RunRow, others: Sequence[RunRow], metric: str = "") -> Explanation:
    """Find what separates two runs.

    Other data comes first, as it makes another question; then chance, where it explains the difference by itself; then
    changes of the config, those first that have done most of it in other runs; then code, packages and hardware.

    Args:
        a: One run.
        b: The other.
        others: Runs among which evidence is looked for.
        metric: Key to compare by; the test value of what the first run monitored if empty.

    Raises:
        ConfigError: If one of the runs has no such metric.
    """
    key = _metric(a, b, metric)
    recorded = list(recorded_causes(Record.read(a.folder), Record.read(b.folder)))
    same_data = not any(one.what == "fingerprint" for one in recorded)
    evidence = Evidence([*others, a, b], a.fingerprint if same_data else "", key)
    noise = evidence.seed_noise(a, b) if same_data and key else None
    interval = margin([(b, a)], key, _mode(a, key)) if same_data and key else None
    found = Explanation(a, b, key, (), noise, interval if interval and interval.low is not None else None)
    factors = config_difference(a.folder, b.folder, same_data)
    effects = {one.key: evidence.effect(one, a, b) if same_data and key else None for one in factors}
    causes = [*recorded, *_config(factors, effects), *_chance(found, factors)]
    ranked = sorted(causes, key=lambda one: _rank(one, found, effects))
    return replace(found, causes=tuple(ranked))


def _metric(a: RunRow, b: RunRow, metric: str) -> str:
    shared = [key for key, value in a.metrics.items() if value is not None and b.metrics.get(key) is not None]
    if metric and metric not in shared:
        rule = "why: --metric must be one that both runs have"
        raise ConfigError(f"{rule}, got {metric!r}.", nearest(metric, shared) if shared else "")
    wanted = [metric, f"test/{a.monitor.rpartition('/')[2]}", a.monitor]
    return next((key for key in wanted if key in shared), "")


def _mode(run: RunRow, metric: str) -> str:
    return run.directions.get(metric, run.mode)


def _config(factors: Sequence[Factor], effects: dict[str, Effect | None]) -> Iterator[Cause]:
    for one in factors:
        if one.part == "repetition":
            continue
        effect, parts = effects[one.key], one.plain()
        note = f"by itself {effect.mean:+.3f} in {effect.pairs} pair(s) of other runs" if effect else ""
        parts["effect"] = vars(effect) if effect else None
        names = one.names["a"], one.names["b"]
        yield Cause("config" if one.part == "identity" else "idle", one.key, *names, note, parts)


def _chance(found: Explanation, factors: Sequence[Factor]) -> Iterator[Cause]:
    """Yield the variation over seeds and over the samples of the split, each with how likely it is the cause."""
    other = {one.key: one for one in factors if one.part == "repetition"}
    for key, factor in other.items():
        note = _over_seeds(found) if key == "seed" else "other samples are tested"
        yield Cause("chance" if key == "seed" else "data", key, factor.names["a"], factor.names["b"], note)
    if "seed" not in other and found.noise and found.difference:
        yield Cause("chance", "seed noise", "", "", _over_seeds(found))
    if found.difference and (inner := found.interval) and inner.is_noise:
        ends = f"{inner.mean:+.3f} [{inner.low:+.3f}, {inner.high:+.3f}] for B (95 %, n = {inner.pairs})"
        yield Cause("chance", f"{inner.over} {_OF_SPLIT}", "", "", f"{ends}: not distinguished from none")


def _over_seeds(found: Explanation) -> str:
    if found.noise is None:
        return "how much that does is not known: no config of the two has two seeds here"
    spread = f"seeds of one config vary by {found.noise.deviation:.3f} (n = {found.noise.runs})"
    if found.difference is None:
        return spread
    return f"{spread}; two of them differ by as much in {found.noise.probability(found.difference):.0%} of cases"


def _rank(cause: Cause, found: Explanation, effects: dict[str, Effect | None]) -> tuple[int, float]:
    """Place of a cause among all, least first: its kind, then the share of the difference that it explains."""
    if cause.kind == "chance" and not _may_be_chance(cause, found):
        return _ORDER.index("config"), 2.0
    effect = effects.get(cause.what) if cause.kind == "config" else None
    if effect is None or not found.difference:
        return _ORDER.index(cause.kind), 0.0
    share = effect.mean / found.difference
    return _ORDER.index(cause.kind), -min(share, 1.0) if share > 0 else 1.0


def _may_be_chance(cause: Cause, found: Explanation) -> bool:
    """Whether chance of this kind is shown to be enough for the difference."""
    if cause.what.endswith(_OF_SPLIT) or found.difference is None or found.noise is None:
        return cause.what.endswith(_OF_SPLIT)
    return found.noise.probability(found.difference) >= LEVEL
