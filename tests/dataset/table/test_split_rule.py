from __future__ import annotations

from typing import Any

import pytest

from mmexp.dataset.table.split_rule import SplitRule
from mmexp.error import ConfigError


def test_groups_are_names_whatever_their_type() -> None:
    assert SplitRule.of({"test_groups": [3, "ann"], "val_groups": "bob"}).named == {
        "test": ["3", "ann"],
        "val": ["bob"],
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ratio": [1]}, r"dataset\.split\.ratio is not known\. Did you mean 'ratios'"),
        ("fold", r"dataset\.split must be a mapping, got 'fold'\. Set 'dataset\.split=\{column: fold\}' or"),
        ({"ratios": [0.8, 0.2]}, r"three positive shares that sum to 1, got \[0\.8, 0\.2\]"),
        ({"ratios": [0.8, 0.2, 0.2]}, r"three positive shares that sum to 1"),
        ({"ratios": [1.0, 0.0, 0.0]}, r"three positive shares that sum to 1"),
        ({"ratios": ["a", "b", "c"]}, r"three positive shares that sum to 1"),
        ({"ratios": [0.8, 0.1, 0.1], "column": "fold"}, r"must give one of column, ratios and everything, got .*fold"),
        ({"everything": "test", "column": "fold"}, r"must give one of column, ratios and everything, got .*fold"),
        ({"everything": "tst"}, r"split\.everything must be a split, got 'tst'\. Did you mean 'test'"),
    ],
)
def test_a_wrong_rule_is_refused(given: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SplitRule.of(given)


def test_groups_need_a_column_and_leave_none_for_the_split() -> None:
    SplitRule(test_groups=["ann"]).check_groups("speaker")
    with pytest.raises(ConfigError, match=r"dataset\.group_by must be a column if .* are given, got null"):
        SplitRule(test_groups=["ann"]).check_groups(None)
    with pytest.raises(ConfigError, match=r"split\.column must be null with dataset\.group_by, got 'fold'"):
        SplitRule(column="fold").check_groups("speaker")
