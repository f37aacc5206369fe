from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from sklearn.metrics import jaccard_score
from torch.nn import functional as F

from mmexp.contract import Batch, Sample, Tokens
from mmexp.fusion.concat import ConcatFusion
from mmexp.pool.mean import MeanPool
from mmexp.task.segmentation import Segmentation, dice_loss
from mmexp.transform.image import ImageTransform
from mmexp.transform.mask import IGNORE

DIM, CLASSES, SIDE = 16, ["ground", "box", "bar"], 16
NAMES = ("image", "text")


def make(**options: object) -> Segmentation:
    torch.manual_seed(0)
    return Segmentation(
        **{"dim": DIM, "classes": CLASSES, "target": "mask", "mask_size": SIDE, "dropout": 0.0, **options}
    )


def fusion() -> ConcatFusion:
    torch.manual_seed(1)
    return ConcatFusion(dim=DIM, modalities=NAMES, pool=MeanPool())


def tokens(rows: int, places: int = 16) -> dict[str, Tokens]:
    torch.manual_seed(2)
    return {
        name: Tokens(torch.randn(rows, count, DIM), torch.ones(rows, count, dtype=torch.bool))
        for name, count in zip(NAMES, (places, 3), strict=True)
    }


def mask(seed: int, height: int = SIDE, width: int = SIDE) -> np.ndarray:
    blocks = np.random.default_rng(seed).integers(0, 3, (4, 4)).astype(np.uint8)
    whole = np.repeat(np.repeat(blocks, height // 4, 0), width // 4, 1)
    whole[0, 0] = IGNORE
    return whole


def batch(task: Segmentation, masks: list[np.ndarray | None], missing: tuple[int, ...] = ()) -> Batch:
    transform, target = ImageTransform(image_size=32), task.transforms()["mask"]
    shapes = [(SIDE, SIDE) if one is None else one.shape for one in masks]
    raws = [None if i in missing else transform.prepare(np.zeros((*s, 3), np.uint8)) for i, s in enumerate(shapes)]
    targets = target.collate([None if one is None else target.prepare(one) for one in masks])
    return Batch({"image": transform.collate(raws)}, {"mask": targets}, tuple(f"s{i}" for i in range(len(masks))))


def test_it_learns_to_tell_masks_apart():
    task, fused, given = make(dice_weight=0.5), fusion(), tokens(6)
    rows = batch(task, [mask(i) for i in range(6)])
    optimizer = torch.optim.AdamW([*task.parameters(), *fused.parameters()], lr=1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        torch.stack(list(task.losses(task(given, fused, rows), rows).values())).sum().backward()
        optimizer.step()
    metrics, outputs = task.metrics(), task.eval()(given, fused, rows)
    task.measure(metrics, outputs, rows)
    values = metrics.compute()
    assert values["miou"] > 0.8 and values["dice"] > 0.85 and task.monitor in values


def test_the_loss_is_cross_entropy_over_the_known_pixels():
    task = make().eval()
    rows = batch(task, [mask(0), None, mask(1), mask(2)], missing=(3,))
    outputs = task(tokens(4), fusion(), rows)
    targets = torch.from_numpy(np.stack([mask(0), mask(1)])).long()
    expected = F.cross_entropy(outputs["logits"][[0, 2]], targets, ignore_index=IGNORE)
    torch.testing.assert_close(task.losses(outputs, rows), {"mask": expected})


def test_the_dice_loss_is_that_of_plain_loops():
    torch.manual_seed(0)
    logits, targets = torch.randn(2, 4, 3, 3), torch.randint(3, (2, 3, 3))
    targets[0, 0] = IGNORE
    scores, terms = logits.softmax(1), []
    for number in range(3):
        both = either = 0.0
        for row, y, x in product(range(2), range(3), range(3)):
            if targets[row, y, x] != IGNORE:
                there = float(targets[row, y, x] == number)
                both += scores[row, number, y, x].item() * there
                either += scores[row, number, y, x].item() + there
        terms.append(1 - (2 * both + 1) / (either + 1))
    assert dice_loss(logits, targets).item() == pytest.approx(sum(terms) / 3, abs=1e-6)
    assert dice_loss(logits, torch.full_like(targets, IGNORE)) == 0


@pytest.mark.parametrize("masks", [[None, None], [np.full((SIDE, SIDE), IGNORE, np.uint8)] * 2])
@pytest.mark.parametrize("missing", [(), (0, 1)])
@pytest.mark.parametrize("training", [True, False])
def test_missing_pictures_and_masks_leave_everything_finite(masks, missing, training):
    task, given = make(dice_weight=0.5).train(training), tokens(2)
    for row in missing:
        given["image"].mask[row] = False
    rows = batch(task, masks, missing)
    outputs = task(given, fusion(), rows)
    loss = torch.stack(list(task.losses(outputs, rows).values())).sum()
    loss.backward()
    assert loss == 0 and all(p.grad is None or p.grad.isfinite().all() for p in task.parameters())
    assert [row["mask"] is None for row in task.predictions(outputs, rows)] == [bool(missing)] * 2


def test_each_row_has_a_mask_as_large_as_its_picture_and_the_overlap_with_the_true_one():
    task, truths = make().eval(), [mask(0), mask(1, 2 * SIDE, 3 * SIDE)]
    rows = batch(task, truths)
    outputs = task(tokens(2), fusion(), rows)
    first, second = task.predictions(outputs, rows)
    assert first["mask"].dtype == np.uint8 and np.array_equal(first["mask"], outputs["logits"][0].argmax(0))
    assert second["mask"].shape == (2 * SIDE, 3 * SIDE) and (second["mask"][:, : SIDE // 2] == IGNORE).all()
    known = truths[0] != IGNORE
    shares = jaccard_score(truths[0][known], first["mask"][known], average=None, labels=range(3), zero_division=0)
    there = [number in truths[0] or number in first["mask"][known] for number in range(3)]
    expected = {name: value for name, value, seen in zip(CLASSES, shares, there, strict=True) if seen}
    assert first["iou"] == pytest.approx(expected) and 1 / 3 < first["score"] < 1


def test_an_answer_needs_no_target():
    task = make().eval()
    rows = batch(task, [mask(0)])
    outputs = task(tokens(1), fusion(), rows)
    bare = Batch(rows.inputs, {}, rows.ids)
    (row,) = task.predictions(outputs, bare)
    assert set(row) == {"id", "mask", "score"} and task.losses(outputs, bare)["mask"] == 0


@pytest.mark.parametrize(("places", "mask_size"), [(16, 16), (17, 20), (9, 64)])
def test_masks_have_the_size_asked_for_whatever_the_grid(places, mask_size):
    task = make(mask_size=mask_size, upsample=1)
    assert task(tokens(2, places), fusion(), batch(task, [None]))["logits"].shape == (2, 3, mask_size, mask_size)


def test_a_missing_picture_is_measured_as_nothing():
    task = make().eval()
    rows, metrics = batch(task, [mask(0), mask(1)], missing=(1,)), task.metrics()
    outputs = task(tokens(2), fusion(), rows)
    task.measure(metrics, outputs, rows)
    assert metrics["overlap"].counts.sum() == SIDE * SIDE - 1


def test_its_pictures_are_masks_and_the_iou_of_each_class():
    task = make()
    samples = [Sample(str(i), {"image": np.zeros((16, 24, 3), np.uint8)}, {"mask": mask(i, 16, 24)}) for i in range(2)]
    rows = [{"id": "0", "mask": mask(0, 16, 24), "iou": {"box": 1.0}}, {"id": "1", "mask": mask(0, 16, 24)}]
    figures = task.plots(rows, samples)
    assert set(figures) == {"masks", "iou"} and figures["masks"].axes[0].get_title() == "0\nbox 1.00"
    bare = [Sample("0", samples[0].inputs, {})]
    assert set(task.plots(rows[:1], bare)) == {"masks"} and task.plots([{"id": "0", "mask": None}], bare) == {}


@pytest.mark.parametrize("count", [1, 256])
def test_too_few_or_too_many_classes_are_refused(count):
    with pytest.raises(ValueError, match=f"classes must be 2 to 255, got {count}"):
        make(classes=[str(i) for i in range(count)])


@pytest.mark.parametrize("dim", [4, 16, 40])
def test_any_width_of_the_tokens_will_do(dim: int):
    grid = torch.randn(2, dim, 4, 4)
    assert make(dim=dim).head(grid).shape == (2, len(CLASSES), 16, 16)
