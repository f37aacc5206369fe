from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from mmexp.contract import Batch, Sample, Waveform
from mmexp.task.speech_recognition import SpeechRecognition

UNITS = ["a", "b", "c"]


def edits(ours: list[str], theirs: list[str]) -> int:
    """Levenshtein distance as it is defined, without a table."""
    if not ours or not theirs:
        return len(ours) + len(theirs)
    change = edits(ours[1:], theirs[1:]) + (ours[0] != theirs[0])
    return min(change, edits(ours[1:], theirs) + 1, edits(ours, theirs[1:]) + 1)


def task() -> SpeechRecognition:
    return SpeechRecognition(dim=4, units=UNITS, unit="word")


def batch(said: list[str | None]) -> Batch:
    transform = task().transforms()["transcript"]
    texts = transform.collate([None if text is None else transform.prepare(text) for text in said])
    return Batch({}, {"transcript": texts}, tuple(f"s{i}" for i in range(len(said))))


def test_rates_are_edits_over_all_words_and_characters():
    answers, said = ["a b", "c", "", "a a b", "b"], ["a c b", "c", "ab", "b", None]
    outputs = {"text": answers, "greedy": [*answers[1:], ""], "score": torch.zeros(5)}
    metrics = task().metrics()
    task().measure(metrics, outputs, batch(said))
    task().measure(metrics, outputs, Batch({}, {}, tuple("abcde")))
    pairs = list(zip(answers, said, strict=True))[:4]
    words = sum(edits(ours.split(), theirs.split()) for ours, theirs in pairs)
    chars = sum(edits(list(ours), list(theirs)) for ours, theirs in pairs)
    values = metrics.compute()
    assert values["wer"] == pytest.approx(words / 6) and values["cer"] == pytest.approx(chars / 9)
    assert values["greedy_wer"] != values["wer"]


def test_without_a_transcript_the_rates_are_undefined():
    metrics = task().metrics()
    task().measure(metrics, {"text": ["a"], "greedy": ["a"]}, batch([None]))
    assert metrics.compute()["wer"].isnan()


def test_each_row_tells_the_transcript_its_score_and_what_was_said():
    outputs = {"text": ["a b", "c"], "score": torch.tensor([-0.5, -1.0]), "alignment": [[], []]}
    rows = task().predictions(outputs, batch(["A, b", None]))
    assert [row["target"] for row in rows] == ["a b", None] and rows[0]["transcript"] == "a b"
    assert "target" not in task().predictions(outputs, Batch({}, {}, ("x", "y")))[0]


def test_its_picture_shows_the_sounds():
    rows = [
        {"id": "1", "transcript": "a b", "target": "a", "alignment": [{"unit": "a", "at": 0.5}]},
        {"id": "2", "transcript": "c"},
    ]
    sound = Waveform(np.zeros(800, np.float32), 8000)
    samples = [Sample("1", {"audio": sound}, {}), Sample("2", {}, {})]
    figure = task().plots(rows, samples)["transcripts"]
    assert len(figure.axes) == 1 and figure.axes[0].get_title(loc="left") == "a b\n(a)"
    assert task().plots(rows[1:], samples[1:]) == {}


SPEECH = {
    "hindi": ["लड़की पानी पीती है", "लड़का पानी पीता है", "लड़की सोती है"],
    "russian": ["собака бежит по траве", "собаки бегут по траве", "ёж спит"],
    "thai": ["หมา วิ่ง บน หญ้า", "หม่า วิ่ง บน หญ้า", "แมว นอน"],
    "chinese": ["一只 狗 在 草地", "一只 猫 在 草地", "狗 跑"],
    "accents": ["où est le café", "ou est le cafe", "le chêne est là"],
}


def distance(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Levenshtein distance, row by row."""
    row = list(range(len(theirs) + 1))
    for i, one in enumerate(ours, 1):
        before, row = row, [i]
        for j, other in enumerate(theirs, 1):
            row.append(min(before[j - 1] + (one != other), before[j] + 1, row[-1] + 1))
    return row[-1]


@pytest.mark.parametrize("script", SPEECH)
def test_rates_in_five_scripts_are_edits_in_relation_to_what_is_said(script):
    draw = random.Random(0)
    pairs = [(draw.choice(SPEECH[script]), draw.choice(SPEECH[script])) for _ in range(12)]
    expected = {
        "wer": sum(distance(a.split(), b.split()) for a, b in pairs) / sum(len(b.split()) for _, b in pairs),
        "cer": sum(distance(a, b) for a, b in pairs) / sum(len(b) for _, b in pairs),
    }
    assert 0 < expected["cer"] < expected["wer"] < 1
    metrics, ours = task().metrics(), [own for own, _ in pairs]
    outputs = {"text": ours, "greedy": ours, "score": torch.zeros(len(pairs))}
    task().measure(metrics, outputs, batch([other for _, other in pairs]))
    assert {name: metrics[name].compute().item() for name in expected} == pytest.approx(expected)
