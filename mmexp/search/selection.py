"""The metric by which a search compares runs: one of the validation split, unless that of test is allowed by name."""

from __future__ import annotations

from dataclasses import dataclass

from mmexp.error import ConfigError
from mmexp.run.summary import RunRow


@dataclass(frozen=True)
class Selection:
    """Score runs, so that more is better.

    Args:
        metric: Such as ``val/f1``; None for the one that each run monitors.
        select_on_test: Whether it may be one of the test split.

    Raises:
        ConfigError: If it is not of the validation split, and that is not allowed.
    """

    metric: str | None = None
    select_on_test: bool = False

    def __post_init__(self) -> None:
        split = (self.metric or "val/").partition("/")[0]
        if split not in ("val", "test"):
            raise ConfigError(
                f"search: metric must begin with val/, got '{self.metric}'.", f"Set search.metric=val/{self.metric}"
            )
        if split == "test" and not self.select_on_test:
            rule = "metric must be one of val, or what is chosen by it shows nothing of new data"
            name = (self.metric or "").partition("/")[2]
            hint = f"Set search.metric=val/{name}, or add search.select_on_test=true, which marks the sweep."
            raise ConfigError(f"search: {rule}, got '{self.metric}'.", hint)

    @property
    def note(self) -> str:
        """What a reader of the results must know; empty if the test split had no part in the choice."""
        if not (self.metric or "").startswith("test/"):
            return ""
        return f"Chosen by {self.metric}: the results on test are those of the choice, and too good."

    def score(self, run: RunRow) -> float | None:
        """Return the score of a run that is done; None if the metric is not there or undefined.

        Raises:
            ConfigError: If it is not known whether more or less of the metric is better.
        """
        name = self.metric or run.monitor
        mode = run.mode if name == run.monitor else run.directions.get(name)
        value = run.metrics.get(name)
        if value is not None and mode is None:
            rule = "metric must be one of which it is known whether more or less is better"
            raise ConfigError(f"search: {rule}, got '{name}'.")
        return None if value is None else value if mode == "max" else -value
