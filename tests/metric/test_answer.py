from __future__ import annotations

import random
import unicodedata
from itertools import combinations
from statistics import mean

import pytest

from mmexp.metric.answer import ConsensusAccuracy, ExactMatch, normalise


@pytest.mark.parametrize(
    ("written", "normalised"),
    [
        ("Yes. ", "yes"),
        ("The red  ball", "red ball"),
        ("an apple", "apple"),
        ("Two", "2"),
        ("none", "0"),
        ("fire_extinguisher", "fire extinguisher"),
        ("cup, bowl", "cup bowl"),
        ("X-ray", "x ray"),
        ("A", "a"),
        (3, "3"),
        ("?", "?"),
        ("+", "+"),
        ("1,500", "1500"),
        ("1.5 m.", "1.5 m"),
        ("12:30", "12:30"),
        ("5%", "5%"),
        ("c#", "c#"),
        ("dont", "don't"),
        ("2 oclock", "2 o'clock"),
        ("2²", "2²"),
        ("À l'école!", "à l'école"),
        ("लड़की पीती", "लड़की पीती"),
        ("كَتَبَ", "كَتَبَ"),
        ("เด็ก", "เด็ก"),
        ("😀", "😀"),
        ("cafe\u0301", "café"),
    ],
)
def test_ways_to_write_an_answer_become_one(written, normalised):
    assert normalise(written) == normalised == normalise(normalised)


def test_an_answer_is_right_if_it_is_one_of_the_references_once_normalised():
    metric = ExactMatch()
    metric.update(["The cat", "two dogs", "cat"], [["cat"], ["3 dogs", "2 dogs"], ["a cat sits"]])
    metric.update(["anything"], [[]])
    metric.update(["o clock", "लड़का"], [["o'clock"], ["लड़की"]])
    assert metric.compute() == pytest.approx(3 / 5)


@pytest.mark.parametrize("agreeing", range(11))
def test_consensus_is_the_mean_over_all_sets_of_nine_people(agreeing):
    people = ["yes"] * agreeing + [f"no {i}" for i in range(10 - agreeing)]
    nine = [min(sum(answer == "yes" for answer in chosen) / 3, 1) for chosen in combinations(people, 9)]
    metric = ConsensusAccuracy()
    metric.update(["Yes!"], [people])
    assert metric.compute() == pytest.approx(mean(nine))


ANSWERS = {
    "hindi": ["लड़की", "लड़का", "नीली मेज़"],
    "russian": ["Ёлка", "ёлка", "елка"],
    "thai": ["หมา", "หม่า", "แมว"],
    "chinese": ["草地", "草", "桌子"],
    "accents": ["Café", "cafe", "cafe\u0301"],
}


@pytest.mark.parametrize("script", ANSWERS)
def test_consensus_in_five_scripts_is_the_mean_over_nine_people(script):
    draw = random.Random(0)
    samples = [(draw.choice(ANSWERS[script]), draw.choices(ANSWERS[script], k=10)) for _ in range(12)]

    def agree(one: str, other: str) -> bool:
        return unicodedata.normalize("NFC", one).lower() == unicodedata.normalize("NFC", other).lower()

    counts = [[agree(answer, own) for own in people] for answer, people in samples]
    expected = mean(mean(min(sum(nine) / 3, 1) for nine in combinations(row, 9)) for row in counts)
    assert 0 < expected < 1
    metric = ConsensusAccuracy()
    metric.update(*map(list, zip(*samples, strict=True)))
    assert metric.compute() == pytest.approx(expected, abs=1e-6)
