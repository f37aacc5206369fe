from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from mmexp.contract import Batch, Sample, Tokens
from mmexp.fusion.concat import ConcatFusion
from mmexp.metric.precision import Found
from mmexp.pool.mean import MeanPool
from mmexp.task.detection import Detection
from mmexp.transform.image import ImageTransform

DIM, CLASSES = 16, ["cat", "cow"]
CAT = {"category": "cat", "bbox": [8, 10, 20, 12]}
COW = {"category": "cow", "bbox": [36, 30, 16, 24]}
HORSE = {"category": "horse", "bbox": [5, 40, 12, 12]}
NAMES = ("image", "text")
forms = pytest.mark.parametrize("form", ["dense", "set"])


def make(form: str = "dense", **options: object) -> Detection:
    torch.manual_seed(0)
    return Detection(**{"dim": DIM, "classes": CLASSES, "target": "objects", "form": form, "queries": 6, **options})


def fusion() -> ConcatFusion:
    torch.manual_seed(1)
    return ConcatFusion(dim=DIM, modalities=NAMES, pool=MeanPool())


def tokens(rows: int) -> dict[str, Tokens]:
    torch.manual_seed(2)
    return {
        name: Tokens(torch.randn(rows, count, DIM), torch.ones(rows, count, dtype=torch.bool))
        for name, count in zip(NAMES, (16, 3), strict=True)
    }


def batch(task: Detection, raw: list[list[dict] | None], width: int = 64, missing: tuple[int, ...] = ()) -> Batch:
    transform, target = ImageTransform(image_size=32), task.transforms()["objects"]
    image = transform.prepare(np.zeros((64, width, 3), np.uint8))
    objects = target.collate([None if one is None else target.prepare(one) for one in raw])
    images = transform.collate([None if i in missing else image for i in range(len(raw))])
    return Batch({"image": images}, {"objects": objects}, tuple(f"s{i}" for i in range(len(raw))))


@forms
def test_it_learns_what_is_where(form):
    task, fused, given = make(form), fusion(), tokens(4)
    rows = batch(task, [[CAT], [COW], [CAT, COW], []])
    optimizer = torch.optim.AdamW([*task.parameters(), *fused.parameters()], lr=3e-3)
    for _ in range(80 if form == "dense" else 200):
        optimizer.zero_grad()
        torch.stack(list(task.losses(task(given, fused, rows), rows).values())).sum().backward()
        optimizer.step()
    metrics, outputs = task.metrics(), task(given, fused, rows)
    outputs["found"] = task.find(outputs, rows)
    task.measure(metrics, outputs, rows)
    values = metrics.compute()
    assert values["map50"] > 0.9 and values["map"] > 0.4 and task.monitor in values
    told = task.predictions(outputs, rows)[2]
    for one in (CAT, COW):
        best = told["categories"].index(one["category"])  # the surest come first
        assert told["boxes"][best] == pytest.approx(one["bbox"], abs=5)


def test_objects_are_learned_as_they_are_seen():
    task = make()
    targets = task.target_objects(batch(task, [[CAT, COW, HORSE], None, []], width=96))
    expected = torch.tensor([[8 - 16, 10, 28 - 16, 22], [36 - 16, 30, 52 - 16, 54]]).clamp(min=0) / 64
    torch.testing.assert_close(targets.boxes.values[0, :2], expected)
    assert targets.boxes.mask[0].tolist() == [True, True, False] and targets.known.tolist() == [True, False, True]


def test_answers_are_told_in_pixels_of_the_raw_picture():
    task = make(threshold=0.3)
    rows = batch(task, [[CAT]], width=128)
    boxes = torch.tensor([[[0.0, 0.0, 0.5, 1.0], [0.5, 0.25, 1.5, 0.75], [0, 0, 1, 1]]])
    outputs = {"boxes": boxes, "scores": torch.tensor([[[0.4, 0.0], [0.0, 0.9], [0.2, 0.2]]])}
    (row,) = task.predictions({"found": task.find(outputs, rows)}, rows)
    assert row["boxes"] == [[64, 16, 64, 32], [32, 0, 32, 64]] and row["categories"] == ["cow", "cat"]
    assert row["scores"] == pytest.approx([0.9, 0.4]) and row["target"] == [CAT]


def test_doubles_of_a_class_fall_in_the_dense_form_only():
    boxes = torch.tensor([[[0.0, 0, 0.5, 0.5], [0, 0, 0.5, 0.48], [0, 0, 0.5, 0.5]]])
    outputs = {"boxes": boxes, "scores": torch.tensor([[[0.9, 0.1], [0.8, 0.1], [0.1, 0.7]]])}
    found = [make(form, threshold=0.3).find(outputs, batch(make(), [[CAT]]))[0] for form in ("dense", "set")]
    assert [one.scores.tolist() for one in found] == [pytest.approx([0.9, 0.7]), pytest.approx([0.9, 0.8, 0.7])]


def test_at_most_so_many_answers_are_given():
    boxes = torch.rand(1, 9, 2).repeat(1, 1, 2) + torch.tensor([0, 0, 0.01, 0.01])
    outputs = {"boxes": boxes, "scores": torch.rand(1, 9, 2)}
    for form in ("dense", "set"):
        (found,) = make(form, max_objects=3, threshold=0.0).find(outputs, batch(make(), [[CAT]]))
        assert len(found.scores) == 3 and found.scores[0] == outputs["scores"].max()


@forms
@pytest.mark.parametrize("raw", [[None, None], [[], []], [[HORSE], []]])
@pytest.mark.parametrize("missing", [(), (0, 1)])
def test_missing_pictures_and_objects_leave_everything_finite(form, raw, missing):
    task, given = make(form), tokens(2)
    for row in missing:
        given["image"].mask[row] = False
    rows = batch(task, raw, missing=missing)
    loss = torch.stack(list(task.losses(task(given, fusion(), rows), rows).values())).sum()
    loss.backward()
    assert loss.isfinite() and all(p.grad is None or p.grad.isfinite().all() for p in task.parameters())
    outputs = task.eval()(given, fusion(), rows)
    told = json.loads(json.dumps(task.predictions(outputs, rows), allow_nan=False))
    assert [row["target"] for row in told] == raw
    if missing:
        assert all(row["boxes"] == row["scores"] == row["categories"] == [] for row in told)


@forms
def test_an_answer_needs_no_target(form):
    task = make(form).eval()
    rows = batch(task, [[CAT]])
    bare = Batch(rows.inputs, {}, rows.ids)
    outputs = task(tokens(1), fusion(), bare)
    assert set(task.predictions(outputs, bare)[0]) == {"id", "boxes", "categories", "scores"}
    assert torch.stack(list(task.losses(outputs, bare).values())).sum() == 0


def test_pictures_whose_objects_are_unknown_are_not_measured_and_objects_out_of_sight_are_missed():
    task, metrics = make(), make().metrics()
    rows = batch(task, [[CAT], None, [{"category": "cow", "bbox": [0, 0, 9, 9]}]], width=192)
    box = torch.tensor([[8.0, 10, 28, 22]])
    cat = Found(box, torch.zeros(1).long(), torch.ones(1))
    nothing = Found(box[:0], torch.zeros(0).long(), torch.ones(0))
    task.measure(metrics, {"found": [cat, cat, nothing]}, rows)
    assert metrics.compute()["map50"] == 0.5


def test_its_picture_shows_sure_answers_and_true_boxes():
    rows = [
        {"boxes": [CAT["bbox"], COW["bbox"]], "categories": ["cat", "cow"], "scores": [0.9, 0.1], "target": [CAT]},
        {"boxes": [], "categories": [], "scores": []},
    ]
    rows = [{"id": name, **row} for name, row in zip("ab", rows, strict=True)]
    samples = [Sample(row["id"], {"image": np.zeros((64, 64, 3), np.uint8)}, {}) for row in rows]
    figures = make().plots(rows, samples)
    assert set(figures) == {"boxes"}
    first, second = figures["boxes"].axes[:2]
    assert len(first.patches) == 2 and [text.get_text() for text in first.texts] == ["cat 0.90"]
    assert not second.patches and make().plots(rows, [Sample("a", {}, {})] * 2) == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"form": "anchors"}, "form must be dense or set, got 'anchors'"),
        ({"classes": []}, "classes must be at least 1, got 0"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)
