from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from mmexp.contract import Batch, Sample, Tokens
from mmexp.decoder.fused import FusedDecoder
from mmexp.encoder.text.lstm import LSTMEncoder
from mmexp.fusion.gated import GatedFusion
from mmexp.pool.mean import MeanPool
from mmexp.task.answer_generation import AnswerGeneration
from mmexp.transform.text import Tokenizer

DIM, ANSWERS = 16, ["The red ball", "two cats", "left of a box"]


@pytest.fixture
def make(tmp_path):
    words = Tokenizer.train(["the red ball", "2 cats", "left of box"], tmp_path / "tokenizer.json")

    def make(**options: object) -> AnswerGeneration:
        torch.manual_seed(0)
        prefix = LSTMEncoder(dim=DIM, vocab_size=words.vocab_size, tokenizer=words.path, causal=True, max_length=7)
        return AnswerGeneration(
            decoder=FusedDecoder(prefix=prefix, max_length=prefix.max_length, dropout=0.0), **options
        )

    return make


def fusion() -> GatedFusion:
    torch.manual_seed(1)
    return GatedFusion(dim=DIM, modalities=("prefix", "text", "image"), pool=MeanPool())


def tokens(rows: int = 3) -> dict[str, Tokens]:
    torch.manual_seed(2)
    mask = torch.ones(rows, 4, dtype=torch.bool)
    return {name: Tokens(torch.randn(rows, 4, DIM), mask.clone()) for name in ("text", "image")}


def batch(task: AnswerGeneration, **targets: list[object]) -> Batch:
    collated = {}
    for name, raw in targets.items():
        transform = task.transforms()[name]
        collated[name] = transform.collate([None if value is None else transform.prepare(value) for value in raw])
    return Batch({}, collated, tuple(f"s{i}" for i in range(len(next(iter(targets.values()))))))


def test_it_learns_to_write_the_answer_of_each_sample(make):
    task, fused, given = make(), fusion(), batch(make(), answer=ANSWERS)
    optimizer = torch.optim.AdamW([*task.parameters(), *fused.parameters()], lr=2e-2)
    for _ in range(60):
        optimizer.zero_grad()
        task.losses(task(tokens(), fused, given), given)["answer"].backward()
        optimizer.step()
    task.eval(), fused.eval()
    outputs, metrics = task(tokens(), fused, given), task.metrics()
    task.measure(metrics, outputs, given)
    values = metrics.compute()
    assert outputs["text"] == ["red ball", "2 cats", "left of box"]
    assert set(values) == {"accuracy", "bleu1"} and values["accuracy"] == values["bleu1"] == 1


def test_part_of_an_answer_is_not_right_but_counts_by_its_words(make):
    task = make()
    given, metrics = batch(task, answer=["red ball", "yes"]), task.metrics()
    task.measure(metrics, {"text": ["red box", "Yes"]}, given)
    values = metrics.compute()
    assert values["accuracy"] == 0.5 and values["bleu1"] == pytest.approx(2 / 3)


def test_consensus_measures_answers_of_several_people(make):
    task = make(consensus=True)
    given, metrics = batch(task, answer=["no"], answers=[["yes"] * 2 + ["no"] * 8]), task.metrics()
    task.measure(metrics, {"text": ["yes"]}, given)
    values = metrics.compute()
    assert task.targets == ("answer", "answers")
    assert values["vqa_accuracy"] == pytest.approx(0.6) and values["accuracy"] == 0


def test_each_row_tells_the_answer_its_score_and_the_target(make):
    task = make().eval()
    given = batch(task, answer=["A red ball", None, "two"])
    rows = json.loads(json.dumps(task.predictions(task(tokens(), fusion(), given), given)))
    assert [row["target"] for row in rows] == ["red ball", None, "2"]
    assert all(set(row) == {"id", "label", "score", "target"} and row["score"] < 0 for row in rows)
    blank = Batch({}, {}, ("s0", "s1", "s2"))
    assert [set(row) for row in task.predictions(task(tokens(), fusion(), blank), blank)] == [
        {"id", "label", "score"}
    ] * 3


def test_missing_inputs_and_answers_leave_everything_finite(make):
    task, given = make(), tokens(1)
    for own in given.values():
        own.mask.zero_()
    for known in (batch(task, answer=[None]), batch(task, answer=["?"]), Batch({}, {}, ("s0",))):
        loss = task.train().losses(task(given, fusion(), known), known)["answer"]
        loss.backward()
        assert loss.isfinite() and all(p.grad is None or p.grad.isfinite().all() for p in task.parameters())
        outputs = task.eval()(given, fusion(), known)
        task.measure(task.metrics(), outputs, known)
        assert outputs["score"].isfinite().all()


def test_its_pictures_show_questions_with_answers(make):
    sample = Sample("1", {"image": np.zeros((4, 4, 3), np.uint8), "text": "is it red"}, {})
    assert set(make().plots([{"id": "1", "label": "no", "score": -0.1}], [sample])) == {"questions"}
