"""What a search draws from: overrides with several values or an interval, as dimensions of a space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hydra.core.override_parser.types import IntervalSweep

from mmexp.config.compose import compose
from mmexp.config.override import discrete, parse
from mmexp.config.provenance import options
from mmexp.config.schema import key_of
from mmexp.error import ConfigError

LOG = "log"
"""Tag of an interval whose logarithm is drawn: ``tag(log, interval(1e-4, 1e-2))``."""


@dataclass(frozen=True)
class Dimension:
    """One key that is searched over: single values, or an interval.

    Args:
        key: As typed.
        values: What may stand after the ``=``; none for an interval.
        low: Where the interval begins.
        high: Where it ends, inclusive.
        log: Whether it is drawn from its logarithm.
        integer: Whether it holds whole numbers, as ``int(interval(1, 8))`` does.
    """

    key: str
    values: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    integer: bool = False

    def word(self, value: object) -> str:
        """Return the override of a value; a number is rounded to 6 digits, so that it can be read and typed."""
        return f"{self.key}={f'{value:.6g}' if isinstance(value, float) else value}"


def read_space(words: Sequence[str], space: Mapping[str, str] | None = None) -> tuple[list[str], list[Dimension]]:
    """Separate what is the same in all jobs from what is searched over.

    Args:
        words: Overrides as typed.
        space: Further keys with their sweeps; a key that is typed counts as typed.

    Returns:
        The overrides of all jobs, and the dimensions.

    Raises:
        ConfigError: If a word can't be read, or an interval is empty; all of them at once.
    """
    typed = {key_of(word) for word in words}
    own = [f"{key}={sweep}" for key, sweep in (space or {}).items() if key.lstrip("+") not in typed]
    fixed: list[str] = []
    dimensions: list[Dimension] = []
    problems: list[str] = []
    for word in [*words, *own]:
        try:
            override = parse(word)
            if not override.is_sweep_override():
                fixed.append(word)
                continue
            key, sweep = word.partition("=")[0], override.value()
            if isinstance(sweep, IntervalSweep):
                dimensions.append(_interval(key, sweep))
            else:
                dimensions.append(Dimension(key, tuple(discrete(override).sweep_string_iterator())))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return fixed, dimensions


def refuse_repeats(dimensions: Sequence[Dimension]) -> None:
    """Refuse seeds and folds as something to search over: the luckiest would be chosen.

    Raises:
        ConfigError: If one of the dimensions is ``seed`` or ``fold``.
    """
    for one in dimensions:
        if one.key in ("seed", "fold"):
            got = ", ".join(one.values) or f"an interval from {one.low:g} to {one.high:g}"
            rule = f"{one.key} must have one value, as the luckiest would be chosen"
            raise ConfigError(f"search: {rule}, got {got}. Train what is found with others afterwards.")


def _interval(key: str, sweep: IntervalSweep) -> Dimension:
    low, high, log = sweep.start or 0, sweep.end or 0, LOG in sweep.tags
    if not low < high:
        raise ConfigError(f"command line: {key}: interval must begin below its end, got {low:g} to {high:g}.")
    if log and low <= 0:
        raise ConfigError(f"command line: {key}: interval with tag log must begin above 0, got {low:g}.")
    return Dimension(key, low=low, high=high, log=log, integer=isinstance(sweep.start, int))


def named_space(name: str, default: str = "optimizer") -> dict[str, str]:
    """Return the keys with their sweeps of ``conf/search/space/<name>.yaml``; those of another where there is none."""
    found = name if name in options("search/space") else default
    return dict(compose(["search=random", f"search/space={found}"]).plain()["search"]["space"])
