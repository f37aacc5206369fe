from __future__ import annotations

import json
import random
import warnings
from typing import Any

import pytest
from sklearn.metrics import precision_recall_fscore_support

from mmexp.analysis.per_class import ClassScores, per_class

CLASSES = ["Äpfel", "猫", "a b", "Pos", "pos"]


def rows(targets: list[Any], labels: list[Any]) -> list[dict[str, Any]]:
    return [{"target": target, "label": label} for target, label in zip(targets, labels, strict=True)]


def numbers(found: list[ClassScores]) -> list[tuple[float, float, float, int]]:
    """As scikit-learn gives them, with 0 for what is undefined."""
    return [(one.precision or 0.0, one.recall or 0.0, one.f1 or 0.0, one.samples) for one in found]


@pytest.mark.parametrize("classes", [CLASSES, [0, 1, 2, 10, -1]])
def test_single_labels_agree_with_scikit_learn(classes):
    draw = random.Random(0)
    targets, labels = draw.choices(classes, k=60), draw.choices(classes[:4], k=60)
    numbered = {name: i for i, name in enumerate(classes)}
    truth, preds = ([numbered[one] for one in side] for side in (targets, labels))
    with warnings.catch_warnings(action="ignore"):
        expected = precision_recall_fscore_support(truth, preds, labels=range(5), zero_division=0)
    found = per_class(rows(targets, labels), classes)
    assert [one.name for one in found] == classes and all(one.known for one in found)
    assert numbers(found) == [pytest.approx(one) for one in zip(*expected, strict=True)]


def test_several_labels_agree_with_scikit_learn_and_repeated_ones_count_once():
    draw = random.Random(0)
    targets, labels = ([draw.sample(CLASSES, draw.randint(0, 4)) for _ in range(40)] for _ in range(2))
    truth, preds = ([[name in own for name in CLASSES] for own in side] for side in (targets, labels))
    expected = precision_recall_fscore_support(truth, preds, zero_division=0)
    found = per_class(rows([[*own, *own[:1]] for own in targets], labels), CLASSES)
    assert numbers(found) == [pytest.approx(one) for one in zip(*expected, strict=True)]


def test_what_is_undefined_is_none_and_not_zero():
    never, alone, missed = per_class(rows(["b", "b"], ["b", "a"]), ["c", "a", "b"])
    assert (never.precision, never.recall, never.f1, never.samples) == (None, None, None, 0)
    assert (alone.precision, alone.recall, alone.f1, alone.predicted) == (0.0, None, None, 1)
    assert (missed.precision, missed.recall, missed.f1) == (1.0, 0.5, pytest.approx(2 / 3))
    lost = per_class(rows(["b"], ["a"]), ["a", "b"])[1]
    assert (lost.precision, lost.recall, lost.f1) == (None, 0.0, 0.0)


def test_a_class_that_training_never_had_comes_last_and_cannot_be_found():
    found = per_class(rows(["a", "zebra", "b"], ["a", "a", "b"]), ["b", "a"])
    assert [(one.name, one.known, one.samples, one.recall) for one in found] == [
        ("b", True, 1, 1.0),
        ("a", True, 1, 1.0),
        ("zebra", False, 1, 0.0),
    ]


def test_rows_without_a_target_do_not_count_and_no_rows_leave_all_undefined():
    found = per_class([{"label": "a"}, {"label": "a", "target": None}], ["a"])
    assert found == [ClassScores("a", 0, 0, 0, True)]


def test_names_keep_their_type_in_json():
    found = [json.loads(json.dumps(one.plain())) for one in per_class(rows([1, 2], [1, 1]), [1, 2])]
    assert found[0] == {
        "class": 1,
        "samples": 1,
        "predicted": 2,
        "precision": 0.5,
        "recall": 1.0,
        "f1": pytest.approx(2 / 3),
        "known": True,
    }
    assert found[1]["precision"] is None and found[1]["recall"] == 0.0
