from __future__ import annotations

import pytest

from mmexp.dataset.table.classes import classes_in, name_numbers, read_names
from mmexp.error import ConfigError


def test_classes_are_the_values_the_members_of_lists_and_the_categories_of_objects():
    assert classes_in("label", ["b", "a", "b"]) == ["a", "b"] and classes_in("label", [2, 1]) == [1, 2]
    assert classes_in("tags", [["O", "B-x"], ["O"]]) == ["B-x", "O"]
    assert classes_in("objects", [[{"category": "b"}, {"category": "a"}], []]) == ["a", "b"]


def test_prose_and_numbers_have_no_classes():
    assert classes_in("captions", [["a"]]) == classes_in("transcript", ["a"]) == classes_in("score", [1.0]) == []
    assert classes_in("price", [1.5, 2]) == classes_in("anomaly", [0, 1]) == []


def test_numbers_of_a_mask_are_named_or_stand_for_themselves():
    assert name_numbers(None, 2) == ["0", "1", "2"] and name_numbers(None, -1) == []
    assert name_numbers(["sky", None, "road", None], 3) == ["sky", "1", "road"]


@pytest.mark.parametrize("given", ["sky", [], [None], ["sky", 3], {"sky": 0}, [""]])
def test_names_are_a_list_of_texts(given):
    with pytest.raises(ConfigError, match=r"dataset\.classes\.mask must be a list of names, or null .*, got"):
        read_names(given)
    assert read_names(None) is None and read_names(["sky", None]) == ["sky", None]
