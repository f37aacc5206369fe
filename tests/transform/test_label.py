from __future__ import annotations

from typing import Any

import pytest

from mmexp.transform.label import UNSEEN, LabelTransform


def test_a_label_becomes_the_place_of_its_class():
    transform = LabelTransform(classes=["cat", "dog"])
    labels = transform.collate([transform.prepare("dog"), transform.prepare("cow"), None])
    assert labels.values.values.tolist() == [1, UNSEEN, UNSEEN]
    assert labels.values.mask.tolist() == [True, True, False]
    assert labels.raw == ["dog", "cow", None]


def test_several_labels_become_a_row_whose_last_column_tells_of_unseen_ones():
    transform = LabelTransform(classes=[3, 5], multilabel=True)
    labels = transform.collate([transform.prepare([5]), transform.prepare([3, 7]), transform.prepare([]), None])
    assert labels.values.values.tolist() == [[0, 1, 0], [1, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert labels.values.mask.tolist() == [True, True, True, False]


@pytest.mark.parametrize("label", [1, "1", 1.0, "1.0", " 1 "])
@pytest.mark.parametrize("classes", [[0, 1], ["0", "1"], ["0.0", "1.0"]])
def test_a_label_is_its_class_whatever_type_and_blanks_it_comes_with(label: Any, classes: list[Any]):
    raw, number = LabelTransform(classes=classes).prepare(label)
    assert number == 1 and raw == classes[1] and type(raw) is type(classes[1])
    raw, row = LabelTransform(classes=classes, multilabel=True).prepare([label, "1", 7])
    assert raw == [classes[1], 7] and row.tolist() == [0, 1, 1]


def test_names_that_training_kept_apart_stay_apart():
    transform = LabelTransform(classes=["1", "1.0"])
    assert [int(transform.prepare(one)[1]) for one in ("1", "1.0")] == [0, 1]
