"""What a config says of the splits of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from mmexp.contract import Split
from mmexp.dataset.base import SPLITS
from mmexp.dataset.column import as_mapping
from mmexp.error import ConfigError, nearest


@dataclass(frozen=True)
class SplitRule:
    """Where a split comes from. Left alone: the column ``split`` if the manifest has one, else it is drawn.

    Args:
        column: Column that names the split of each row.
        ratios: Shares of train, val and test to draw, unitless; a column is then ignored.
        seed: Which drawing.
        everything: Split that all rows are in, whatever a column says.
        test_groups: With ``dataset.group_by``, groups that make the test split; drawn if empty.
        val_groups: Likewise of the val split.
        unlabeled: Whether rows of train may lack all targets.
        groups: Column that says which rows are of one group, such as a speaker, where splits need not keep them
            together; it counts for verdicts alone.

    Raises:
        ConfigError: If more than one of column, ratios and everything is given, ratios are not three positive shares
            that sum to 1, or everything is no split.
    """

    column: str | None = None
    ratios: Sequence[float] | None = None
    seed: int = 0
    everything: Split | None = None
    test_groups: Sequence[str | int] | str | int = ()
    val_groups: Sequence[str | int] | str | int = ()
    unlabeled: bool = False
    groups: str | None = None

    def __post_init__(self) -> None:
        given = {name: getattr(self, name) for name in ("column", "ratios", "everything")}
        given = {name: value for name, value in given.items() if value is not None}
        if len(given) > 1:
            raise ConfigError(f"dataset.split must give one of column, ratios and everything, got {given}.")
        if self.everything not in (None, *SPLITS):
            hint = nearest(str(self.everything), SPLITS)
            raise ConfigError(f"dataset.split.everything must be a split, got {self.everything!r}. {hint}")
        if self.ratios is None:
            return
        numbers = [share for share in self.ratios if isinstance(share, int | float) and share > 0]
        if not len(self.ratios) == len(numbers) == 3 or abs(sum(numbers) - 1) > 1e-6:
            raise ConfigError(
                f"dataset.split.ratios must be three positive shares that sum to 1, got {self.ratios}. "
                "Set dataset.split.ratios=[0.8,0.1,0.1]."
            )

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> SplitRule:
        """Make a rule of a mapping from a config.

        Raises:
            ConfigError: If it is no mapping, or has an unknown name.
        """
        rule = as_mapping("dataset.split", given, [field.name for field in fields(cls)]) or {}
        return cls(**rule)

    def check_groups(self, group_by: str | None) -> None:
        """Make sure that groups are named only where there are some, and no column then gives the split too.

        Raises:
            ConfigError: If it is otherwise.
        """
        if group_by is None and any(self.named.values()):
            rule = "must be a column if split.test_groups or split.val_groups are given"
            raise ConfigError(f"dataset.group_by {rule}, got null.")
        if group_by is not None and self.column is not None:
            raise ConfigError(f"dataset.split.column must be null with dataset.group_by, got {self.column!r}.")
        if group_by is not None and self.groups is not None:
            raise ConfigError(f"dataset.split.groups must be null with dataset.group_by, got {self.groups!r}.")

    @property
    def named(self) -> dict[Split, list[str]]:
        """Groups of a split that are not drawn."""
        return {"test": _names(self.test_groups), "val": _names(self.val_groups)}

    @property
    def shares(self) -> Sequence[float]:
        """Shares of train, val and test."""
        return self.ratios or (0.8, 0.1, 0.1)


def _names(groups: Sequence[str | int] | str | int) -> list[str]:
    return [str(groups)] if isinstance(groups, str | int) else [str(group) for group in groups]
