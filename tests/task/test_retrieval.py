from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from mmexp.analysis.recomputed.recall import follow
from mmexp.contract import Batch, Padded, Sample, Tokens
from mmexp.fusion.gated import GatedFusion
from mmexp.missing.placeholder import PlaceholderMissing
from mmexp.pool.attention import AttentionPool
from mmexp.pool.base import Pool
from mmexp.pool.mean import MeanPool
from mmexp.task.retrieval import Retrieval

DIM, NAMES = 8, ("text", "image", "audio")


def make(**options: object) -> Retrieval:
    torch.manual_seed(0)
    return Retrieval(**{"query": ["text"], "candidates": ["image"], "pool": MeanPool(), "dim": DIM, **options})


def fusion() -> GatedFusion:
    torch.manual_seed(1)
    return GatedFusion(dim=DIM, modalities=NAMES, pool=MeanPool())


def tokens(rows: int) -> dict[str, Tokens]:
    torch.manual_seed(2)
    return {name: Tokens(torch.randn(rows, 3, DIM), torch.ones(rows, 3, dtype=torch.bool)) for name in NAMES}


def batch(rows: int) -> Batch:
    """Samples that lack nothing."""
    inputs = {name: Padded(torch.zeros(rows, 1), torch.ones(rows, dtype=torch.bool)) for name in NAMES}
    return Batch(inputs, {}, tuple(f"s{i}" for i in range(rows)))


def loss_of(task: Retrieval, given: dict[str, Tokens], fused: GatedFusion) -> torch.Tensor:
    rows = batch(len(given["text"].mask))
    return task.losses(task(given, fused, rows), rows)["contrastive"]


@pytest.mark.parametrize("objective", ["infonce", "sigmoid"])
def test_it_learns_which_query_belongs_to_which_candidate(objective):
    task, fused, given = make(objective=objective), fusion(), tokens(12)
    optimizer = torch.optim.AdamW([p for p in [*task.parameters(), *fused.parameters()] if p.requires_grad], lr=1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        loss_of(task, given, fused).backward()
        optimizer.step()
    metrics = task.metrics()
    task.measure(metrics, task(given, fused, batch(12)), batch(12))
    values = metrics.compute()
    assert values["recall_at_1"] > 0.9 and values["reverse_recall_at_1"] > 0.9 and values["median_rank"] == 1
    assert task.monitor in values and len(values) == 8


def test_each_side_sees_its_own_modalities_only():
    task, fused, given = make(query=["text", "audio"]), fusion(), tokens(4)
    before = task(given, fused, batch(4))
    given["audio"] = Tokens(given["audio"].features + 1, given["audio"].mask)
    after = task(given, fused, batch(4))
    assert torch.equal(before["candidates"], after["candidates"]) and not torch.equal(before["query"], after["query"])
    assert task.inputs == ("text", "audio", "image")


@pytest.mark.parametrize("objective", ["infonce", "sigmoid"])
@pytest.mark.parametrize("pool", [MeanPool(), AttentionPool(dim=DIM)], ids=["mean", "attention"])
@pytest.mark.parametrize("missing", [slice(0, 0), slice(0, 2), slice(None)])
@pytest.mark.parametrize("rows", [1, 4])
def test_missing_sides_leave_everything_finite(objective, pool: Pool, missing: slice, rows: int):
    task, fused, given = make(objective=objective, pool=pool), fusion(), tokens(rows)
    given["text"].mask[missing] = False
    loss = loss_of(task, given, fused)
    loss.backward()
    parameters = [*task.parameters(), *fused.parameters()]
    assert loss.isfinite() and all(p.grad is None or p.grad.isfinite().all() for p in parameters)
    outputs = task(given, fused, batch(rows))
    assert not outputs["query"][missing].any()


def test_a_pair_without_one_side_changes_no_loss_and_ranks_last():
    task, fused, given = make(), fusion(), tokens(5)
    given["image"].mask[4] = False
    whole = loss_of(task, given, fused)
    kept = {name: Tokens(own.features[:4], own.mask[:4]) for name, own in given.items()}
    torch.testing.assert_close(whole, loss_of(task, kept, fused))
    outputs, metrics = task(given, fused, batch(5)), task.metrics()
    task.measure(metrics, {name: rows[4:].expand(3, -1) for name, rows in outputs.items()}, batch(3))
    assert metrics.compute()["median_rank"] == 3


def test_a_placeholder_is_no_partner():
    task, fused, rows = make(), fusion(), batch(5)
    rows.inputs["image"].mask[4] = False
    given = PlaceholderMissing(dim=DIM, modalities=NAMES)(tokens(5))
    outputs = task(given, fused, rows)
    assert not outputs["candidates"][4].any() and outputs["query"].any(1).all()
    kept = {name: Tokens(own.features[:4], own.mask[:4]) for name, own in given.items()}
    torch.testing.assert_close(task.losses(outputs, rows)["contrastive"], loss_of(task, kept, fused))


def test_each_row_tells_the_score_of_its_own_pair():
    task = make()
    outputs = task(tokens(3), fusion(), batch(3))
    rows = json.loads(json.dumps(task.predictions(outputs, batch(3))))
    for i, row in enumerate(rows):
        assert row["id"] == f"s{i}" and row["score"] == pytest.approx(
            torch.cosine_similarity(outputs["query"][i], outputs["candidates"][i], dim=0).item(), abs=1e-6
        )


def test_each_side_has_its_own_copy_of_the_pool():
    task = make(pool=AttentionPool(dim=DIM))
    assert task.query.pool.query is not task.candidates.pool.query


@pytest.mark.parametrize("sides", [{"query": []}, {"candidates": []}, {"candidates": ["image", "text"]}])
def test_empty_or_overlapping_sides_are_refused(sides):
    with pytest.raises(ValueError, match="query and candidates must each name modalities, and none in common, got"):
        make(**sides)


def test_an_unknown_objective_is_refused():
    with pytest.raises(ValueError, match="objective must be infonce or sigmoid, got 'triplet'"):
        make(objective="triplet")


def test_with_a_group_all_its_candidates_are_right():
    task = make(group="label")
    transform = task.transforms()["label"]
    labels = transform.collate([transform.prepare(label) for label in ("cat", "dog", "cat")])
    sides = torch.eye(DIM)[[0, 1, 0]]
    metrics = task.metrics()
    task.measure(metrics, {"query": sides, "candidates": sides}, Batch({}, {"label": labels}, ("a", "b", "c")))
    values = metrics.compute()
    assert task.targets == ("label",)
    assert values["map"] == values["reverse_map"] == values["recall_at_1"] == values["median_rank"] == 1


def test_any_caption_of_one_file_is_right_and_the_file_is_one_candidate():
    task, metrics = make(), make().metrics()
    text, image = torch.eye(DIM)[[0, 1, 2, 3]], torch.eye(DIM)[[1, 1, 2, 2]]
    ids, files = ("a", "b", "c", "d"), tuple({"image": name} for name in ("one", "one", "two", "two"))
    task.measure(metrics, {"query": text, "candidates": image}, Batch({}, {}, ids, files))
    values = metrics.compute()
    assert values["reverse_recall_at_1"] == 1 and values["recall_at_1"] == 0.5
    task.measure(plain := task.metrics(), {"query": text, "candidates": image}, Batch({}, {}, ids))
    assert plain.compute()["reverse_recall_at_1"] == 0.5


def test_its_picture_shows_what_is_nearest_to_some_queries():
    task, names, rng = make(group="label"), [f"s{i}" for i in range(9)], np.random.default_rng(0)
    samples = [
        Sample(name, {"text": name, "image": rng.integers(255, size=(4, 4, 3), dtype=np.uint8)}, {"label": i % 3})
        for i, name in enumerate(names)
    ]
    rows = [{"id": name, "score": 0.5} for name in names]
    assert task.plots(rows, samples) == {}
    metrics = task.metrics()
    sides = torch.eye(9)[:, [*range(9)]]
    task.measure(metrics, {"query": sides, "candidates": sides}, Batch({}, {}, tuple(names)))
    assert task.plots(rows, samples) == {}
    metrics.compute()
    figure = task.plots(rows, samples)["nearest"]
    assert len(figure.axes) == 6 * 6
    for query, nearest in zip(figure.axes[::6], figure.axes[1::6], strict=True):
        own = samples[names.index(query.texts[0].get_text())]
        assert np.array_equal(nearest.images[0].get_array(), own.inputs["image"]) and nearest.get_title() == "1.00"
    assert list(task.state_dict()) == list(make().state_dict())


def test_its_picture_calls_every_caption_of_the_image_right():
    task = make()
    one, same, other = (
        Sample(name, {"text": name}, {}, {"image": file}) for name, file in (("a", "x"), ("b", "x"), ("c", "y"))
    )
    assert task.found(one, same, 0.5).right and not task.found(one, other, 0.5).right


def test_completed_rows_have_the_ranks_that_recall_counts():
    task = make()
    outputs, known, metrics = task(tokens(6), fusion(), batch(6)), batch(6), task.metrics()
    assert task.completed([{"id": "s0"}]) == [{"id": "s0"}]
    task.measure(metrics, outputs, known)
    found = metrics.compute()
    rows = task.completed(task.predictions(outputs, known))
    for prefix in ("", "reverse_"):
        hits = [row[f"{prefix}rank"] <= 5 for row in rows]
        assert sum(hits) / 6 == pytest.approx(float(found[f"{prefix}recall_at_5"]))
    assert task.completed([{"id": "unknown"}]) == [{"id": "unknown"}]


def test_rows_of_one_file_share_their_item_and_its_rank():
    task = make(query=["text"], candidates=["image"])
    files = tuple({"text": f"t{i}", "image": f"i{i // 2}"} for i in range(6))
    outputs, known, metrics = task(tokens(6), fusion(), batch(6)), replace(batch(6), files=files), task.metrics()
    task.measure(metrics, outputs, known)
    found = metrics.compute()
    rows = json.loads(json.dumps(task.completed(task.predictions(outputs, known))))
    assert rows[0]["candidate"] == rows[1]["candidate"] and rows[0]["reverse_rank"] == rows[1]["reverse_rank"]
    assert len({row["query"] for row in rows}) == 6
    value = follow("reverse_recall_at_1", rows, None)
    assert value(np.ones((1, 6)))[0] == pytest.approx(float(found["reverse_recall_at_1"]), abs=1e-6)
