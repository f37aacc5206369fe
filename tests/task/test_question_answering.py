from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from mmexp.contract import Batch, Sample, Tokens
from mmexp.fusion.product import ProductFusion
from mmexp.loss.cross_entropy import CrossEntropyLoss
from mmexp.metric.answer import ConsensusAccuracy
from mmexp.pool.mean import MeanPool
from mmexp.task.question_answering import QuestionAnswering

DIM, ANSWERS = 8, ["No", "no", "Yes", "two", "2", "a red ball"]


def make(**options: object) -> QuestionAnswering:
    torch.manual_seed(0)
    return QuestionAnswering(**{"pool": MeanPool(), "dim": DIM, "answers": ANSWERS, **options})


def batch(task: QuestionAnswering, **targets: list[object]) -> Batch:
    collated = {}
    for name, raw in targets.items():
        transform = task.transforms()[name]
        collated[name] = transform.collate([None if value is None else transform.prepare(value) for value in raw])
    return Batch({}, collated, tuple(f"s{i}" for i in range(len(next(iter(targets.values()))))))


def outputs_of(task: QuestionAnswering, *answers: str) -> dict[str, torch.Tensor]:
    logits = torch.stack([5.0 * torch.eye(len(task.classes))[task.classes.index(answer)] for answer in answers])
    return {"logits": logits, "scores": logits.softmax(-1)}


def test_answers_that_are_written_differently_are_one_class():
    task = make()
    assert task.classes == ["2", "no", "red ball", "yes"] and task.targets == ("answer",)
    given = batch(task, answer=["NO ", "Two.", "the red ball", "maybe"])
    outputs, metrics = outputs_of(task, "no", "2", "yes", "yes"), task.metrics()
    task.measure(metrics, outputs, given)
    assert metrics.compute()["accuracy"] == 0.5
    rows = json.loads(json.dumps(task.predictions(outputs, given)))
    assert [(row["label"], row["target"]) for row in rows[:3]] == [("no", "no"), ("2", "2"), ("yes", "red ball")]


def test_consensus_measures_answers_of_several_people():
    task = make(consensus=True)
    people = [["yes"] * 2 + ["no"] * 8, ["Yes!"] * 10]
    given = batch(task, answer=["no", "yes"], answers=people)
    assert task.targets == ("answer", "answers")
    metrics, alone = task.metrics(), ConsensusAccuracy()
    task.measure(metrics, outputs_of(task, "yes", "yes"), given)
    alone.update(["yes", "yes"], people)
    assert metrics.compute()["vqa_accuracy"] == alone.compute() == pytest.approx((0.6 + 1) / 2)


def test_it_learns_an_answer_that_needs_the_question_and_the_picture():
    task, fused = make(dropout=0.0), ProductFusion(dim=DIM, modalities=["text", "image"], pool=MeanPool())
    torch.manual_seed(1)
    sides = torch.randn(2, 2, DIM)
    rows = [(question, image) for question in (0, 1) for image in (0, 1)]
    mask = torch.ones(4, 1, dtype=torch.bool)
    tokens = {
        name: Tokens(torch.stack([sides[side][row[side]] for row in rows]).unsqueeze(1), mask)
        for side, name in enumerate(("text", "image"))
    }
    given = batch(task, answer=["yes" if question == image else "no" for question, image in rows])
    optimizer = torch.optim.AdamW([*task.parameters(), *fused.parameters()], lr=1e-2)
    for _ in range(100):
        optimizer.zero_grad()
        task.losses(task(tokens, fused, given), given)["class"].backward()
        optimizer.step()
    metrics = task.eval().metrics()
    task.measure(metrics, task(tokens, fused, given), given)
    assert metrics.compute()["accuracy"] == 1


def test_its_pictures_show_questions_and_how_right_the_answers_are():
    sample = Sample("1", {"image": np.zeros((4, 4, 3), np.uint8), "text": "is it red"}, {})
    plots = make().plots([{"id": "1", "label": "no", "score": 0.9, "target": "yes"}], [sample])
    assert set(plots) == {"classes", "confusion", "reliability", "questions"}


def test_answers_that_are_all_the_same_are_refused():
    with pytest.raises(ValueError, match=r"classes must be at least 2, got \['no'\]"):
        make(answers=["no", "No", "NO."])


def test_answers_that_are_written_differently_have_one_weight():
    counts = [("No", 1), ("no", 2), ("Yes", 3), ("2", 1), ("two", 1), ("a red ball", 1)]
    task = make(loss=CrossEntropyLoss(weights="balanced", counts=counts))
    assert task.loss.weights.tolist() == [9 / (4 * count) for count in (2, 3, 1, 3)]
