from __future__ import annotations

from typing import Any

import pytest

from mmexp.transform.spelling import distinct, near, spelling


@pytest.mark.parametrize("names", [[3, "3", 3.0, "3.0", " 3 "], [True, "true", "True"], ["caf\u00e9", "cafe\u0301 "]])
def test_one_class_has_one_spelling(names: list[Any]):
    assert len({spelling(name) for name in names}) == 1


def test_other_classes_have_others():
    names = ["Pos", "pos", "01", "1", "-1", "1.5", True, "yes", "1e0"]
    assert len({spelling(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["b", " a", "b "], ["a", "b"]),
        (["1", 1, 0, 2.0], [0, 1, 2]),
        (["1.0", "0.0"], ["0.0", "1.0"]),
        (["1.0", "1", "0"], ["0", "1"]),
        ([False, "True", True], [False, True]),
        ([10, 9, "x"], [9, 10, "x"]),
    ],
)
def test_each_class_is_listed_once_whatever_the_order(values: list[Any], classes: list[Any]):
    for given in (values, values[::-1]):
        found = distinct(given)
        assert found == classes and [*map(type, found)] == [*map(type, classes)]


def test_names_that_differ_in_case_or_blanks_only_are_near():
    assert near(["Pos", "neg", "pos", "not sure", "not-sure", 1]) == [["Pos", "pos"], ["not sure", "not-sure"]]
