from __future__ import annotations

import random

import pytest
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2

from mmexp.metric.entity import EntityF1, entities

TYPES = ["animal", "people", "thing"]
TAGS = ["O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI")]


def rows(seed: int, number: int = 40) -> list[list[str]]:
    """Any tags, legal or not."""
    draw = random.Random(seed)
    return [[draw.choice(TAGS) for _ in range(9)] for _ in range(number)]


def scored(answers: list[list[str]], targets: list[list[str]], types: list[str] = TYPES) -> dict[str, float]:
    metric = EntityF1(types=types)
    for part in (slice(0, 7), slice(7, None)):
        metric.update(answers[part], targets[part])
    return {name: float(value) for name, value in metric.compute().items()}


@pytest.mark.parametrize("seed", range(5))
def test_it_agrees_with_seqeval_in_strict_mode(seed):
    targets = rows(seed)
    swapped = rows(seed + 100)
    answers = [swapped[i] if i % 3 else row for i, row in enumerate(targets)]
    report = classification_report(targets, answers, mode="strict", scheme=IOB2, output_dict=True, zero_division=0)
    values = scored(answers, targets)
    assert values["precision"] == pytest.approx(report["micro avg"]["precision"])
    assert values["recall"] == pytest.approx(report["micro avg"]["recall"])
    assert values["f1"] == pytest.approx(report["micro avg"]["f1-score"])
    for kind in TYPES:
        assert values[f"f1_{kind}"] == pytest.approx(report[kind]["f1-score"])


def test_entities_need_a_beginning_and_one_type():
    tags = ["B-x", "I-x", "I-y", "I-x", "B-x", "B-x", "I-x", "O", "I-x"]
    assert entities(tags) == [(0, 2, "x"), (4, 5, "x"), (5, 7, "x")]
    assert entities(["B-a-b", "I-a-b"]) == [(0, 2, "a-b")]


def test_an_entity_with_one_word_too_few_is_wrong():
    assert scored([["B-x", "I-x"]], [["B-x", "O"]])["f1"] == 0


def test_a_type_that_training_never_had_counts_among_all():
    values = scored([["B-x", "O"]], [["B-x", "B-new"]], ["x"])
    assert values == pytest.approx({"f1": 2 / 3, "precision": 1.0, "recall": 0.5, "f1_x": 1.0})


def test_without_any_entity_it_is_undefined():
    values = scored([["O"]], [["O"]], ["x"])
    assert (
        values["f1"] != values["f1"] and values["f1_x"] != values["f1_x"] and values["precision"] != values["precision"]
    )
