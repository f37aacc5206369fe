from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from mmexp.contract import Batch, Sample, Tokens
from mmexp.fusion.concat import ConcatFusion
from mmexp.pool.mean import MeanPool
from mmexp.task.image_generation import ImageGeneration, as_numbers, as_pixels

DIM, SIDE = 16, 8
CLASSES = {"attributes": ["blue", "red"], "label": ["x"]}
RED, BLUE = (np.full((16, 20, 3), colour, np.uint8) for colour in ((220, 20, 20), (20, 20, 220)))
objectives = pytest.mark.parametrize("objective", ["flow", "gan"])


def make(**options: object) -> ImageGeneration:
    torch.manual_seed(0)
    return ImageGeneration(
        **{"dim": DIM, "classes": CLASSES, "image_size": SIDE, "depth": 1, "steps": 3, "guidance": 1.0, **options}
    )


def fusion() -> ConcatFusion:
    torch.manual_seed(1)
    return ConcatFusion(dim=DIM, modalities=["canvas", "text"], pool=MeanPool())


def tokens(rows: int) -> dict[str, Tokens]:
    """The first of two words is given to rows in turn."""
    torch.manual_seed(2)
    words = torch.randn(2, 1, DIM)[torch.arange(rows) % 2]
    return {"text": Tokens(words, torch.ones(rows, 1, dtype=torch.bool))}


def batch(task: ImageGeneration, images: list[np.ndarray | None], given: list[list[str] | None] | None = None) -> Batch:
    raw = {"image": images, **({"attributes": given} if given else {})}
    targets = {
        name: transform.collate([None if one is None else transform.prepare(one) for one in raw[name]])
        for name, transform in task.transforms().items()
        if name in raw
    }
    return Batch({}, targets, tuple(f"s{i}" for i in range(len(images))))


def pair(task: ImageGeneration, rows: int = 4) -> Batch:
    return batch(task, [RED, BLUE] * (rows // 2), [["red"], ["blue"]] * (rows // 2))


def total(losses: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.stack(list(losses.values())).sum()


def test_it_learns_to_paint_what_it_is_told():
    task, fused, given = make(), fusion(), tokens(4)
    rows = pair(task)
    optimizer = torch.optim.AdamW([*task.parameters(), *fused.parameters()], lr=2e-3)
    for _ in range(100):
        optimizer.zero_grad()
        total(task.losses(task(given, fused, rows), rows)).backward()
        optimizer.step()
    metrics, outputs = task.metrics(), task.eval()(given, fused, rows)
    task.measure(metrics, outputs, rows)
    values = metrics.compute()
    assert values["attribute_accuracy"] == values["attribute_exact"] == values["evaluator_accuracy"] == 1
    assert task.monitor in values and task.mode == "max" and abs(values["fid"]) < 10


@objectives
def test_no_loss_teaches_the_judge_but_its_own_and_that_teaches_nothing_else(objective):
    task, given = make(objective=objective), tokens(4)
    rows = pair(task)
    names = set(task.losses(task(given, fusion(), rows), rows))
    assert "evaluator" in names and len(names) > 1
    for name in names:
        task.zero_grad()
        task.losses(task(given, fusion(), rows), rows)[name].backward()
        sides = [
            any(p.grad is not None and p.grad.any() for p in part.parameters())
            for part in (task.evaluator, task.generator)
        ]
        assert sides == [name == "evaluator", name != "evaluator"]


@objectives
def test_an_answer_comes_from_the_id_and_needs_no_target(objective):
    task, given = make(objective=objective).eval(), tokens(4)
    rows = pair(task)
    known = task.predictions(task(given, fusion(), rows), rows)
    bare = Batch({}, {}, rows.ids[:1])
    first = {name: Tokens(own.features[:1], own.mask[:1]) for name, own in given.items()}
    outputs = task(first, fusion(), bare)
    (row,) = task.predictions(outputs, bare)
    assert row["image"].shape == (SIDE, SIDE, 3) and row["image"].dtype == np.uint8
    assert abs(row["image"].astype(int) - known[0]["image"]).max() <= 1 and task.losses(outputs, bare)["image"] == 0
    assert set(known[0]) - set(row) == {"target"} and known[0]["target"] == ["red"] and 0.5 <= row["score"] <= 1
    assert not np.array_equal(known[0]["image"], known[2]["image"])  # the same was given, but the id is another
    json.dumps(row["attributes"])


@objectives
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("given", [None, [None, None]])
def test_missing_pictures_and_attributes_leave_everything_finite(objective, training, given):
    task = make(objective=objective).train(training)
    rows = batch(task, [None, None], given)
    outputs = task(tokens(2), fusion(), rows)
    loss = total(task.losses(outputs, rows))
    loss.backward()
    assert loss == 0 and all(p.grad is None or p.grad.isfinite().all() for p in task.parameters())
    if not training:
        metrics = task.metrics()
        task.measure(metrics, outputs, rows)
        assert metrics["fidelity"].compute()["fid"].isnan()


def test_an_attribute_that_training_never_had_counts_as_missing():
    task = make().eval()
    rows = batch(task, [RED, RED], [["red"], ["red", "green"]])
    outputs = task(tokens(2), fusion(), rows)
    outputs["logits"] = torch.tensor([[-1.0, 1.0]] * 2)
    metrics = task.metrics()
    task.measure(metrics, outputs, rows)
    assert metrics["attribute_accuracy"].compute() == 3 / 4 and metrics["attribute_exact"].compute() == 1 / 2


def test_without_attributes_random_features_decide():
    task = make(classes={"label": ["x"]})
    assert (task.monitor, task.mode) == ("kid", "min") and set(task.transforms()) == {"image"}
    rows = batch(task, [RED, BLUE])
    outputs, metrics = task.eval()(tokens(2), fusion(), rows), task.metrics()
    task.measure(metrics, outputs, rows)
    assert set(metrics.compute()) == {"fid", "kid"} and set(task.losses(outputs, rows)) == {"flow"}
    assert set(task.predictions(outputs, rows)[0]) == {"id", "image"}


def test_one_label_can_be_judged_too():
    task = make(evaluated="label")
    assert task.classes == ["x"] and set(task.transforms()) == {"image", "label"}


def test_pixels_and_numbers_are_the_same_thing():
    pixels = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(as_pixels(as_numbers(pixels)), pixels)
    assert as_pixels(torch.tensor([-3.0, 3.0])).tolist() == [0, 255]


def test_its_picture_shows_what_was_painted_beside_what_is_true():
    rows = [
        {"id": "0", "image": np.zeros((SIDE, SIDE, 3), np.uint8), "attributes": ["red"]},
        {"id": "1", "image": None},
    ]
    samples = [Sample("0", {"text": ["a red one", "other"]}, {"image": RED}), Sample("1", {}, {})]
    figure = make().plots(rows, samples)["generated_images"]
    assert figure.axes[0].get_title() == "a red one\ndetected: red"
    assert make().plots(rows[1:], samples[1:]) == {}


def test_other_objectives_are_refused():
    with pytest.raises(ValueError, match="objective must be flow or gan, got 'vae'"):
        make(objective="vae")
