from __future__ import annotations

import pytest

from mmexp.analysis.report.svg import Axis, Chart, short


def test_values_stand_between_the_ends_of_an_axis():
    axis = Axis(0, 10, 100, 200)
    assert [axis(value) for value in (0, 5, 10)] == [100, 150, 200]
    assert Axis(1, 100, 0, 10, log=True)(10) == pytest.approx(5)


@pytest.mark.parametrize("values", [[0.2, 0.9], [5.0], [0.0], [-3, 4], [1e-7, 3e-7]])
def test_all_values_have_a_place_and_ticks_are_round(values):
    axis = Axis.of(values, 0, 100)
    assert all(0 < axis(value) < 100 for value in values)
    assert 2 <= len(axis.ticks) <= 7 and all(axis.low <= tick <= axis.high for tick in axis.ticks)


@pytest.mark.parametrize("values", [[1.0, 1e6], [2.0, 30.0], [5.0, 5.1], [3.0]])
def test_ratios_have_ticks_too(values):
    axis = Axis.of(values, 0, 100, log=True)
    assert axis.log and all(0 < axis(value) < 100 for value in values)
    assert 1 <= len(axis.ticks) <= 8 and all(axis.low <= tick <= axis.high for tick in axis.ticks)


def test_values_that_are_not_positive_have_no_ratios():
    assert not Axis.of([0.0, 5.0], 0, 100, log=True).log


def test_marks_are_named_and_escaped(tags):
    chart = Chart(100, 50)
    chart.frame(Axis(0, 1, 10, 90), Axis(0, 1, 40, 5), "x <name>", "y")
    chart.dot(1.234, 2, "c0", "<dot>", 3)
    chart.line([(0, 1), (2.26, 3)], "c1", "line")
    found = tags(chart.svg("a <chart>"))
    assert found.all("circle") == [{"cx": "1.2", "cy": "2", "r": "4.0", "class": "dot c0", "data-way": "3"}]
    assert found.all("polyline")[0]["points"] == "0.0,1.0 2.3,3.0"
    assert "x <name>" in found.words and "<dot>" in found.words
    assert found.all("svg")[0]["aria-label"] == "a <chart>"


def test_a_label_goes_where_no_other_one_stands():
    chart = Chart(200, 100)
    for _ in range(9):
        chart.label(100, 50, "name", "")
    boxes = chart.labels
    assert 2 <= len(boxes) < 9
    assert all(
        a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3] for i, a in enumerate(boxes) for b in boxes[:i]
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.25, "0.25"), (1500, "1.5k"), (2e6, "2M"), (3e9, "3G"), (1e-6, "1e-06"), (-20, "-20")],
)
def test_ticks_are_short(value, text):
    assert short(value) == text
