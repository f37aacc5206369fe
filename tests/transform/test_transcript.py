from __future__ import annotations

import pickle

import pytest
from torchmetrics.text import CharErrorRate, WordErrorRate

from mmexp.transform.transcript import TranscriptTransform, Units, learn_units, spell, spoken

TEXTS = ["Red ball, red  BALL!", "a cone"]


def test_only_what_is_heard_is_compared():
    assert spoken("  Don\u2019t\u00a0STOP \u2014 it's 3,5 ") == "don t stop it s 3,5"
    assert spoken(7) == "7"


@pytest.mark.parametrize(
    ("unit", "units"), [("word", ["a", "ball", "cone", "red"]), ("char", sorted(set("red ball a cone")))]
)
def test_words_or_characters_become_numbers_from_one_and_back(unit, units):
    known = learn_units(TEXTS)[unit]
    assert known == units
    made = Units(units=known, unit=unit)
    for text in TEXTS:
        numbers = made.encode(text).tolist()
        assert min(numbers) >= 1 and [units[i - 1] for i in numbers] == spell(text, unit)
        assert made.decode(numbers) == spoken(text)
    assert made.encode("\u00e9").tolist() == []


def test_blanks_are_never_doubled():
    units = Units(units=[" ", "a", "b"], unit="char")
    assert units.decode([1, 2, 1, 1, 3, 1]) == "a b"


def test_a_batch_holds_the_numbers_and_the_texts():
    transform = pickle.loads(pickle.dumps(TranscriptTransform(units=Units(units=["a", "b"], unit="word"))))
    batch = transform.collate([transform.prepare("B a"), None, transform.prepare("a new b a"), transform.prepare("")])
    assert batch.ids.values.tolist() == [[[2, 1, 0]], [[0, 0, 0]], [[1, 2, 1]], [[0, 0, 0]]]
    assert batch.ids.mask.sum((1, 2)).tolist() == [2, 0, 3, 0]
    assert batch.texts == [["b a"], [], ["a new b a"], [""]]


def edits(left, right) -> int:
    """By the full table of Levenshtein."""
    row = list(range(len(right) + 1))
    for i, one in enumerate(left, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(right, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (one != other))
    return row[-1]


@pytest.mark.parametrize(
    ("true", "predicted", "wrong"),
    [
        ("लड़की पानी पीती है", "लड़का पाना पीता है", 3),
        ("كَتَبَ الوَلَدُ", "كُتِبَ الوَلَدُ", 1),
        ("зелёная трава", "зеленая трава", 1),
        ("un élève âgé", "un eleve âgé", 1),
        ("หมา วิ่ง", "หมา วิง", 1),
        ("我 爱 你", "我 爱 他", 1),
        ("ok 👍🏽", "ok 👍", 1),
        ("-3 grad", "3 grad", 1),
    ],
)
def test_error_rates_of_every_script_are_edits_per_unit(true, predicted, wrong):
    assert edits(predicted.split(), true.split()) == wrong
    word, char = WordErrorRate(), CharErrorRate()
    for metric in (word, char):
        metric.update([spoken(predicted)], [spoken(true)])
    assert word.compute() == pytest.approx(wrong / len(true.split()))
    assert char.compute() == pytest.approx(edits(predicted, true) / len(true))
    for unit, known in learn_units([true]).items():
        units = Units(units=known, unit=unit)
        assert units.decode(units.encode(true).tolist()) == true
