from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Batch, Padded, Sample, Tokens
from mmexp.fusion.product import ProductFusion
from mmexp.missing.placeholder import PlaceholderMissing
from mmexp.pool.attention import AttentionPool
from mmexp.pool.mean import MeanPool
from mmexp.task.matching import SHOWN, Matching

DIM, NAMES = 8, ("text", "image", "audio")


def make(**options: object) -> Matching:
    torch.manual_seed(0)
    given = {"query": ["text"], "candidates": ["image"], "pool": MeanPool(), "dim": DIM, "dropout": 0.0}
    return Matching(**{**given, **options})


def fusion() -> ProductFusion:
    torch.manual_seed(1)
    return ProductFusion(dim=DIM, modalities=NAMES, pool=MeanPool())


def tokens(rows: int, *names: str) -> dict[str, Tokens]:
    torch.manual_seed(2)
    mask = torch.ones(rows, 3, dtype=torch.bool)
    return {name: Tokens(torch.randn(rows, 3, DIM), mask.clone()) for name in names or ("text", "image")}


def batch(rows: int) -> Batch:
    """Samples that lack nothing."""
    inputs = {name: Padded(torch.zeros(rows, 1), torch.ones(rows, dtype=torch.bool)) for name in NAMES}
    return Batch(inputs, {}, tuple(f"s{i}" for i in range(rows)))


def loss_of(task: Matching, given: dict[str, Tokens], fused: ProductFusion) -> torch.Tensor:
    rows = batch(len(given["text"].mask))
    return task.losses(task(given, fused, rows), rows)["match"]


def test_right_and_wrong_pairs_weigh_the_same_and_either_side_is_exchanged():
    task, fused, given = make().eval(), fusion(), tokens(4)
    places = torch.arange(4)

    def scores(texts: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        rows = {"text": texts, "image": images}
        return task.score_pairs(fused, {n: Tokens(given[n].features[r], given[n].mask[r]) for n, r in rows.items()})

    wrong = torch.cat([scores(places - 1, places), scores(places, places - 1)])
    right = scores(places, places)
    expected = F.binary_cross_entropy_with_logits(right, torch.ones(4)) / 2
    expected += F.binary_cross_entropy_with_logits(wrong, torch.zeros(8)) / 2
    torch.testing.assert_close(loss_of(task, given, fused), expected)


@pytest.mark.parametrize(("temperature", "share"), [(0.01, 1.0), (None, 1 / 3)])
def test_likely_others_stand_in_while_training_and_never_the_own_one(temperature, share):
    task, given = make(temperature=temperature).train(), tokens(4)
    given["image"].features[1] = given["image"].features[0] + 0.01
    marks = torch.arange(4.0)[:, None, None].expand(4, 3, DIM)
    given["text"] = Tokens(marks, given["text"].mask)
    drawn = Counter()
    for _ in range(300):
        exchanged = task.exchange({**given, "audio": Tokens(marks, given["text"].mask)}, ["image"])["image"].features
        drawn[next(i for i in range(4) if torch.equal(exchanged[0], given["image"].features[i]))] += 1
    assert drawn[0] == 0 and drawn[1] / 300 == pytest.approx(share, abs=0.1)


def test_all_modalities_of_a_side_are_exchanged_together():
    task, given = make(candidates=["image", "audio"]).train(), tokens(5, "text", "image", "audio")
    given["audio"] = given["image"]
    changed = task.exchange(given, task.candidates)
    assert torch.equal(changed["image"].features, changed["audio"].features)
    assert torch.equal(changed["text"].features, given["text"].features)
    assert not torch.equal(changed["image"].features, given["image"].features)


@pytest.mark.parametrize("temperature", [None, 0.1])
def test_it_learns_what_belongs_together(temperature):
    task, fused, given = make(temperature=temperature), fusion(), tokens(8)
    optimizer = torch.optim.AdamW([*task.parameters(), *fused.parameters()], lr=1e-2)
    for _ in range(150):
        optimizer.zero_grad()
        loss_of(task.train(), given, fused).backward()
        optimizer.step()
    metrics, rows = task.eval().metrics(), batch(8)
    task.measure(metrics, task(given, fused, rows), rows)
    values = metrics.compute()
    assert set(values) == {"accuracy", "auroc"} and task.monitor in values
    assert values["auroc"] > 0.95 and values["accuracy"] > 0.9


def test_what_is_measured_does_not_depend_on_the_batches():
    task, fused, given, found = make().eval(), fusion(), tokens(6), []
    for parts in ([range(6)], [[0, 1], [2, 3], [4, 5]], [[5, 0, 3], [1], [4, 2]]):
        metrics = task.metrics()
        for rows in parts:
            part = {name: Tokens(own.features[list(rows)], own.mask[list(rows)]) for name, own in given.items()}
            names = Batch({}, {}, tuple(f"s{i}" for i in rows))
            task.measure(metrics, task(part, fused, names), names)
        found.append({name: value.item() for name, value in metrics.compute().items()})
    assert found[0] == pytest.approx(found[1]) and found[0] == pytest.approx(found[2])


@pytest.mark.parametrize("pool", [MeanPool(), AttentionPool(dim=DIM)], ids=["mean", "attention"])
@pytest.mark.parametrize("missing", [slice(0, 0), slice(0, 2), slice(None)])
@pytest.mark.parametrize("rows", [1, 4])
def test_missing_sides_leave_everything_finite(pool, missing, rows):
    task, fused, given = make(pool=pool), fusion(), tokens(rows)
    given["text"].mask[missing] = False
    loss = loss_of(task, given, fused)
    loss.backward()
    parameters = [*task.parameters(), *fused.parameters()]
    assert loss.isfinite() and all(p.grad is None or p.grad.isfinite().all() for p in parameters)
    metrics = task.eval().metrics()
    task.measure(metrics, task(given, fused, batch(rows)), batch(rows))
    assert 0 <= metrics.compute()["accuracy"] <= 1


def test_a_pair_without_one_side_changes_no_loss():
    task, fused, given = make().eval(), fusion(), tokens(5)
    given["image"].mask[4] = False
    kept = {name: Tokens(own.features[:4], own.mask[:4]) for name, own in given.items()}
    torch.testing.assert_close(loss_of(task, given, fused), loss_of(task, kept, fused))


def test_a_placeholder_is_no_partner():
    task, fused, rows = make().eval(), fusion(), batch(5)
    rows.inputs["image"].mask[4] = False
    given = PlaceholderMissing(dim=DIM, modalities=NAMES)(tokens(5))
    kept = {name: Tokens(own.features[:4], own.mask[:4]) for name, own in given.items()}
    whole = task.losses(task(given, fused, rows), rows)["match"]
    torch.testing.assert_close(whole, loss_of(task, kept, fused))


def test_each_row_tells_whether_its_own_pair_belongs_together():
    task = make()
    rows = json.loads(json.dumps(task.predictions({"logits": torch.tensor([2.0, -1.0])}, batch(2))))
    assert [row["match"] for row in rows] == [True, False]
    assert [row["score"] for row in rows] == pytest.approx(torch.tensor([2.0, -1.0]).sigmoid().tolist())


def test_its_picture_shows_the_pairs_that_fit_the_least_and_the_most():
    samples = [Sample(str(i), {"image": np.zeros((4, 4, 3), np.uint8), "text": f"t{i}"}, {}) for i in range(30)]
    rows = [{"id": str(i), "score": i / 30} for i in range(30)]
    titles = [axes.get_title() for axes in make().plots(rows, samples)["pairs"].axes if axes.images]
    assert len(titles) == 2 * SHOWN and titles[0] == "0.000 t0" and titles[-1] == "0.967 t29"
    assert make().plots(rows[:1], [Sample("0", {"text": "t"}, {})]) == {}


@pytest.mark.parametrize("sides", [{"query": []}, {"candidates": []}, {"candidates": ["image", "text"]}])
def test_empty_or_overlapping_sides_are_refused(sides):
    with pytest.raises(ValueError, match="query and candidates must each name modalities, and none in common, got"):
        make(**sides)


def test_a_temperature_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="temperature must be positive or null, got 0"):
        make(temperature=0)
