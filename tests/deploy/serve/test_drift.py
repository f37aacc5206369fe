from __future__ import annotations

import math
import random

import pytest

from mmexp.deploy.serve.drift import Window, ks, psi


def test_psi_of_two_classes_is_that_of_its_formula() -> None:
    found = psi(["a"] * 6 + ["b"] * 4, ["a"] * 3 + ["b"] * 7)
    assert found == pytest.approx((0.3 - 0.6) * math.log(0.3 / 0.6) + (0.7 - 0.4) * math.log(0.7 / 0.4))


def test_psi_is_zero_without_change_and_finite_for_a_class_that_is_new() -> None:
    assert psi(["a", "b"], ["b", "a", "a", "b"]) == pytest.approx(0)
    assert 1 < psi(["a"], ["b"]) < 100


def test_ks_is_that_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    draw = random.Random(0)
    one, other = ([round(draw.gauss(mean, 1), 1) for _ in range(50)] for mean in (0, 0.5))
    assert ks(one, other) == pytest.approx(stats.ks_2samp(one, other).statistic)
    assert ks(one, one) == 0 and ks([0.1], [0.9]) == 1


def test_a_window_keeps_the_newest_and_says_when_there_are_enough() -> None:
    window = Window([0.5] * 30, size=40)
    for i in range(29):
        window.add(i)
    assert not window.enough
    for i in range(29, 100):
        window.add(i)
    assert window.enough and list(window.newest) == list(range(60, 100))
    assert not Window([]).enough
