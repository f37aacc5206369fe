from __future__ import annotations

import json
import logging

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Batch, Tokens
from mmexp.error import ConfigError, DataError
from mmexp.fusion.concat import ConcatFusion
from mmexp.pool.mean import MeanPool
from mmexp.task.speech_recognition import ENOUGH, SpeechRecognition

DIM = 8
UNITS = ["blue", "metal", "red", "wood"]
SAID = ["metal red", "wood blue blue", "red"]


def make(**options: object) -> SpeechRecognition:
    torch.manual_seed(0)
    return SpeechRecognition(**{"dim": DIM, "units": UNITS, "unit": "word", "dropout": 0.0, "split": 2, **options})


def fusion() -> ConcatFusion:
    torch.manual_seed(1)
    return ConcatFusion(dim=DIM, modalities=["audio", "image"], pool=MeanPool())


def tokens(lengths: list[int]) -> dict[str, Tokens]:
    torch.manual_seed(2)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    audio = Tokens(torch.randn(len(lengths), max(lengths), DIM), mask)
    return {"image": Tokens(torch.randn(len(lengths), 3, DIM), torch.ones(len(lengths), 3).bool()), "audio": audio}


def batch(task: SpeechRecognition, said: list[str | None]) -> Batch:
    transform = task.transforms()["transcript"]
    texts = transform.collate([None if text is None else transform.prepare(text) for text in said])
    return Batch({}, {"transcript": texts}, tuple(f"s{i}" for i in range(len(said))))


def loss(task: SpeechRecognition, given: dict[str, Tokens], known: Batch) -> torch.Tensor:
    return task.losses(task(given, fusion(), known), known)["transcript"]


@pytest.mark.parametrize("unit", ["word", "char"])
def test_the_loss_is_that_of_torch_per_label_sample_by_sample(unit):
    units = UNITS if unit == "word" else sorted(set(" ".join(UNITS)))
    task, given = make(unit=unit, units=units, split=8).eval(), tokens([4, 3, 1])
    hidden = fusion().onto(given["audio"], {"image": given["image"]})
    terms, number = [], 0
    for row, text in enumerate(SAID):
        labels = [units.index(one) + 1 for one in (text.split() if unit == "word" else text)]
        logits = task.head(hidden.features[row, hidden.mask[row]]).view(-1, len(units) + 1)
        plain = F.ctc_loss(logits.log_softmax(-1), torch.tensor(labels), (len(logits),), (len(labels),), 0, "sum")
        terms, number = [*terms, plain], number + len(labels)
    torch.testing.assert_close(loss(task, given, batch(task, SAID)), sum(terms) / number)


def test_a_sample_without_enough_places_is_not_learned_from_and_named_once(caplog):
    task, given = make(split=1), tokens([4, 3, 1])
    known = batch(task, ["metal red", "wood blue blue", "red"])  # the second one needs 4 of 3
    with caplog.at_level(logging.WARNING):
        first = loss(task, given, known)
        loss(task, given, known)
    (record,) = caplog.records
    assert "s1: transcript must need at most the 3 positions of its audio, got 4 labels" in record.getMessage()
    assert "Set task.split=2" in record.getMessage()
    torch.testing.assert_close(first, loss(task, given, batch(task, ["metal red", None, "red"])))


def test_sound_with_too_few_frames_everywhere_is_refused():
    task, said = make(split=1), ["wood blue red metal"] * ENOUGH
    with pytest.raises(
        DataError, match="transcript must need at most the 2 positions of its audio, got 4 labels"
    ) as told:
        loss(task, tokens([2] * ENOUGH), batch(task, said))
    assert "task.split=2" in str(told.value.hint) and told.value.sample == "s0"
    assert loss(task.eval(), tokens([2] * ENOUGH), batch(task, said)) == 0


@pytest.mark.parametrize("said", [[None, None], ["", "red"], ["new", None], ["red", "wood"], []])
def test_missing_sound_and_transcripts_leave_everything_finite(said):
    task, given = make(), tokens([3, 2])
    given["audio"].mask[0] = False
    known = batch(task, said) if said else Batch({}, {}, ("s0", "s1"))
    value = loss(task, given, known)
    value.backward()
    task.eval()
    task.measure(task.metrics(), task(given, fusion(), known), known)
    rows = task.predictions(task(given, fusion(), known), known)
    json.dumps(rows, allow_nan=False)
    assert rows[0]["transcript"] == "" and rows[0]["alignment"] == []
    assert value.isfinite() and all(p.grad is None or p.grad.isfinite().all() for p in task.parameters())


def test_it_learns_to_write_more_labels_than_there_are_frames():
    task, fuse, given = make(split=4), fusion(), tokens([2, 2, 1])
    known = batch(task, SAID)
    optimizer = torch.optim.Adam([*task.parameters(), *fuse.parameters()], lr=0.03)
    for _ in range(80):
        optimizer.zero_grad()
        task.losses(task(given, fuse, known), known)["transcript"].backward()
        optimizer.step()
    rows = task.eval().predictions(task(given, fuse, known), known)
    assert [row["transcript"] for row in rows] == [row["target"] for row in rows] == SAID
    for row in rows:
        assert [one["unit"] for one in row["alignment"]] == row["transcript"].split()
        positions = [one["at"] for one in row["alignment"]]
        assert positions == sorted(positions) and min(positions) > 0 and max(positions) < 1


def test_sound_comes_first_and_cannot_be_left_out():
    assert make().slots(["image", "audio"]) == ("audio", "image")
    with pytest.raises(ConfigError, match="inputs must include audio, got image"):
        make().slots(["image"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unit": "piece"}, "unit must be char or word, got 'piece'"),
        ({"split": 0}, "split must be at least 1, got 0"),
        ({"beams": 0}, "beams must be at least 1, got 0"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)
