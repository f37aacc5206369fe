from __future__ import annotations

import pytest

from mmexp.dataset.table.error_policy import ErrorPolicy, read_limit
from mmexp.error import ConfigError, DataError


def refuse(tolerance: ErrorPolicy, times: int) -> None:
    for number in range(times):
        tolerance.refuse("image 'x.png' is bad.", sample=f"s{number}", path="x.png", where=f"m.csv:{number}")


def test_raise_stops_at_the_first() -> None:
    with pytest.raises(DataError, match=r"^m\.csv:0, sample s0: image 'x\.png' is bad\.$") as caught:
        refuse(ErrorPolicy(read_limit("raise"), 1000), 1)
    assert "dataset.on_error=skip" in caught.value.hint


def test_skip_takes_any_number_and_lists_them() -> None:
    tolerance = ErrorPolicy(read_limit("skip"), 3)
    refuse(tolerance, 3)
    assert tolerance.skipped[2] == {"id": "s2", "path": "x.png", "reason": "image 'x.png' is bad."}


def test_a_share_is_the_most_that_is_skipped() -> None:
    tolerance = ErrorPolicy(read_limit(0.005), 1000)
    refuse(tolerance, 5)
    with pytest.raises(
        DataError, match=r"sample s0: at most 0\.005 of 1000 rows may be skipped, one more is bad: image"
    ):
        refuse(tolerance, 1)


@pytest.mark.parametrize("value", ["skp", 0.0, 1.0, -0.1, True, None])
def test_any_other_policy_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match=r"on_error must be raise, skip or a share between 0 and 1, got"):
        read_limit(value)  # type: ignore[arg-type]
