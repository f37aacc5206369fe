from __future__ import annotations

import pytest

from mmexp.analysis.text import count, duration, number, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [("grün\n", "grün\n"), ("\x1b[31m", r"\x1b[31m"), ("a\rb\tc\x00", r"a\rb\tc\x00"), ("\ud800", r"\ud800"), (3, "3")],
)
def test_control_characters_are_spelled_out(text: object, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (0.0, "0.000"),
        (0.7123, "0.712"),
        (-1.5, "-1.500"),
        (14.06, "14.1"),
        (23e-6, "2.3e-05"),
        (1e6, "1e+06"),
    ],
)
def test_metrics_have_the_digits_that_are_read(value: float | None, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "-"), (950, "950"), (12_345, "12.3k"), (1.25e6, "1.25M"), (7e9, "7G")]
)
def test_counts_have_a_unit(value: float | None, shown: str) -> None:
    assert count(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "-"), (0.5, "0.5 s"), (61.2, "61.2 s"), (200, "3 min"), (5400, "90 min"), (9000, "2.5 h")],
)
def test_durations_have_a_unit(value: float | None, shown: str) -> None:
    assert duration(value) == shown
