from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Batch, Padded, Sample, Tokens
from mmexp.fusion.attention import AttentionFusion
from mmexp.loss.masking import cut
from mmexp.pool.mean import MeanPool
from mmexp.task.pretraining import OBJECTIVES, Pretraining
from mmexp.transform.label import LabelTransform
from mmexp.transform.text import Tokenizer

DIM, SIDE, PATCH, WORDS = 16, 4, 4, 5


class Encoders(nn.Module):
    """A token for each patch, and for each word, that knows its place."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.patch, self.word = nn.Linear(3 * PATCH**2, DIM), nn.Embedding(vocabulary, DIM)
        self.places = nn.Parameter(torch.randn(SIDE**2, DIM))

    def forward(self, batch: Batch) -> dict[str, Tokens]:
        image, text = batch.inputs["image"], batch.inputs["text"]
        patches = self.patch(cut(image.values, SIDE, PATCH)) + self.places
        words = self.word(text.values) + self.places[: text.values.shape[1]]
        return {"image": Tokens(patches, image.mask[:, None].expand(-1, SIDE**2)), "text": Tokens(words, text.mask)}


@pytest.fixture
def make(tokenizer: str) -> Any:
    def build(**options: object) -> Pretraining:
        torch.manual_seed(0)
        given = {"pool": MeanPool(), "dim": DIM, "tokenizer": tokenizer, "side": SIDE, "patch_size": PATCH}
        return Pretraining(**{**given, **options})

    return build


def fusion() -> AttentionFusion:
    torch.manual_seed(1)
    return AttentionFusion(dim=DIM, modalities=("anchor", "image", "text"), dropout=0.0)


def batch(rows: int) -> Batch:
    """Each image of one shade, and a text that names it."""
    torch.manual_seed(2)
    shades = torch.arange(rows)
    words = 4 + torch.stack([shades, shades // 2, torch.full_like(shades, 9)], 1)
    ends = [torch.full((rows, 1), end) for end in (Tokenizer.bos, Tokenizer.eos)]
    ids = torch.cat([ends[0], words, ends[1]], 1)
    images = (20 + 25 * shades).view(-1, 1, 1, 1) + torch.randint(-8, 8, (rows, 3, 16, 16))
    there = torch.ones(rows, dtype=torch.bool)
    inputs = {"image": Padded(images.byte(), there), "text": Padded(ids, torch.ones_like(ids, dtype=torch.bool))}
    return Batch(inputs, {}, tuple(f"s{i}" for i in range(rows)))


def answered(task: Pretraining, encoders: Encoders, fused: AttentionFusion, rows: Batch) -> dict[str, Any]:
    shown = task.shown(rows)
    return task(encoders(shown), fused, shown)


def parts(task: Pretraining) -> tuple[Encoders, AttentionFusion]:
    torch.manual_seed(3)
    return Encoders(len(task.vocabulary)), fusion()


def test_it_learns_all_four_objectives(make):
    task, rows = make(probe="shade"), batch(8)
    encoders, fused = parts(task)
    rows.targets["shade"] = task.transforms()["shade"].collate([torch.tensor(i // 4) for i in range(8)])
    every = nn.ModuleList([task, encoders, fused])
    optimizer = torch.optim.AdamW(every.parameters(), lr=3e-3)
    before = scored(task, encoders, fused, rows)
    for _ in range(120):
        optimizer.zero_grad()
        losses = task.train().losses(answered(task, encoders, fused, rows), rows)
        assert set(losses) == set(OBJECTIVES)
        torch.stack(list(losses.values())).sum().backward()
        optimizer.step()
    after = scored(task, encoders, fused, rows)
    assert after["words"] < before["words"] / 2 and after["contrastive"] < before["contrastive"]
    assert after["matching"] < 0.9 * before["matching"] and after["patches"] < before["patches"]
    assert after["word_accuracy"] > 0.5 and after["probe_accuracy"] > 0.5
    assert {"recall_at_1", "reverse_recall_at_1", "median_rank"} < set(after)


def scored(task: Pretraining, encoders: Encoders, fused: AttentionFusion, rows: Batch) -> dict[str, float]:
    metrics = task.eval().metrics()
    with torch.no_grad():
        task.measure(metrics, answered(task, encoders, fused, rows), rows)
    return {name: value.item() for name, value in metrics.compute().items()}


def test_the_first_half_is_whole_and_the_second_hides_what_it_says(make):
    task, rows = make(), batch(6)
    shown = task.shown(rows)
    masked = shown.targets["masked"]
    assert len(shown) == 12 and masked.words.shape == (6, WORDS) and masked.patches.shape == (6, SIDE**2)
    for name, own in shown.inputs.items():
        assert torch.equal(own.values[:6], rows.inputs[name].values)
    assert torch.equal(shown.inputs["text"].values[6:] == Tokenizer.unk, masked.words)


def test_hiding_is_random_while_training_and_fixed_when_answering(make):
    task, rows = make(), batch(6)
    drawn = [task.train().mask(rows).patches for _ in range(2)]
    fixed = [task.eval().mask(rows).patches for _ in range(2)]
    assert not torch.equal(*drawn) and torch.equal(*fixed)
    part = replace(rows, ids=rows.ids[::-1])
    assert torch.equal(task.mask(part).patches.flip(0), fixed[0])


def test_a_hidden_part_is_told_from_the_whole_other_side_and_not_from_itself(make):
    task, rows = make().eval(), batch(4)
    encoders, fused = parts(task)
    outputs = answered(task, encoders, fused, rows)
    masked = outputs["masked"]
    ids = rows.inputs["text"]
    others = ids.values.masked_fill(masked.words, 9)
    changed = answered(task, encoders, fused, replace(rows, inputs={**rows.inputs, "text": Padded(others, ids.mask)}))
    torch.testing.assert_close(changed["words"], outputs["words"])
    assert not torch.allclose(changed["patches"], outputs["patches"])


def test_losses_agree_with_their_plain_forms(make):
    task, rows = make().eval(), batch(5)
    encoders, fused = parts(task)
    outputs = answered(task, encoders, fused, rows)
    losses, masked = task.losses(outputs, rows), outputs["masked"]
    words = [
        F.cross_entropy(logits, target)
        for logits, target in zip(outputs["words"], rows.inputs["text"].values[masked.words], strict=True)
    ]
    torch.testing.assert_close(losses["words"], torch.stack(words).mean())
    targets = cut(rows.inputs["image"].values, SIDE, PATCH)[masked.patches]
    targets = (targets - targets.mean(1, keepdim=True)) / (targets.var(1, keepdim=True, correction=0) + 1e-6) ** 0.5
    torch.testing.assert_close(losses["patches"], F.mse_loss(outputs["patches"], targets), rtol=1e-3, atol=1e-3)
    likeness = outputs["image"] @ outputs["text"].T / 0.07
    both = [F.cross_entropy(one, torch.arange(5)) for one in (likeness, likeness.T)]
    torch.testing.assert_close(losses["contrastive"], sum(both) / 2)
    own = likeness.fill_diagonal_(-torch.inf)
    wrong = [pair_of(task, fused, outputs, i, int(own[i].argmax())) for i in range(5)]
    wrong += [pair_of(task, fused, outputs, int(own[:, i].argmax()), i) for i in range(5)]
    right = [pair_of(task, fused, outputs, i, i) for i in range(5)]
    scores, belong = torch.cat([*right, *wrong]), torch.tensor([1.0] * 5 + [0.0] * 10)
    weights = torch.tensor([1 / 5] * 5 + [1 / 10] * 10) / 2
    expected = F.binary_cross_entropy_with_logits(scores, belong, weights, reduction="sum")
    torch.testing.assert_close(losses["matching"], expected)


def pair_of(task: Pretraining, fused: AttentionFusion, outputs: dict[str, Any], image: int, text: int) -> Tensor:
    rows = {"image": image, "text": text}
    pair = {n: Tokens(own.features[[rows[n]]], own.mask[[rows[n]]]) for n, own in outputs["tokens"].items()}
    return task.match(fused(pair).pool()).squeeze(1)


def test_while_training_likelier_ones_are_drawn_more_often_and_never_the_own(make):
    task = make().train()
    likeness = torch.tensor([[-torch.inf, 2.0, 0.0]]).expand(3000, -1)
    counts = task.draw(likeness).bincount(minlength=3)
    assert counts[0] == 0 and counts[1] / counts[2] == pytest.approx(torch.tensor(2.0).exp().item(), rel=0.25)
    assert task.eval().draw(likeness)[0] == 1


def test_weights_count_and_zero_leaves_an_objective_out(make):
    rows = batch(4)
    plain, other = (make(weights=weights).eval() for weights in (None, {"words": 3, "patches": 0}))
    encoders, fused = parts(plain)
    losses, found = (task.losses(answered(task, encoders, fused, rows), rows) for task in (plain, other))
    torch.testing.assert_close(found, {n: losses[n] * (3 if n == "words" else 1) for n in losses if n != "patches"})


def test_a_pair_that_lacks_a_side_learns_from_the_other(make):
    task, rows = make().eval(), batch(4)
    encoders, fused = parts(task)
    rows.inputs["text"].mask[0] = False
    rows.inputs["image"].mask[1] = False
    outputs = answered(task, encoders, fused, rows)
    assert outputs["masked"].words.any(1).tolist() == [False, True, True, True]
    assert outputs["masked"].patches.any(1).tolist() == [True, False, True, True]
    assert all(loss.isfinite() for loss in task.losses(outputs, rows).values())
    for name in ("text", "image"):
        rows.inputs[name].mask[:] = False
    outputs = answered(task, encoders, fused, rows)
    losses = task.losses(outputs, rows)
    torch.stack(list(losses.values())).sum().backward()
    assert all(loss == 0 for loss in losses.values())
    assert all(row["image"] is None and row["words"] == [] for row in task.predictions(outputs, rows))


def test_each_row_shows_what_was_told_of_its_hidden_parts(make):
    task, rows = make().eval(), batch(3)
    outputs = answered(task, *parts(task), rows)
    found = task.predictions(outputs, rows)
    json.dumps(found, default=np.ndarray.tolist)
    for i, row in enumerate(found):
        targets = rows.inputs["text"].values[i][outputs["masked"].words[i]].tolist()
        assert [word for word, _ in row["words"]] == [task.vocabulary[target] for target in targets]
        assert row["image"].shape == (16, 16, 3) and row["image"].dtype == np.uint8
        assert row["match"] == (row["score"] > 0.5) and -1 <= row["likeness"] <= 1
    samples = [Sample(row["id"], {"image": row["image"], "text": "a red ball"}, {}) for row in found]
    titles = [axes.get_title() for axes in task.plots(found, samples)["masked"].axes if axes.images]
    assert len(titles) == 3 and all(title.startswith("a red ball\n") for title in titles)
    assert task.plots([{**row, "image": None} for row in found], samples) == {}


def test_the_probe_reads_a_target_that_it_neither_needs_nor_learns(make):
    task, rows = make(probe="kind").eval(), batch(4)
    assert task.targets == () and list(task.transforms()) == ["kind"] and make().transforms() == {}
    assert "probe_accuracy" not in make().metrics() and task.inputs == ("image", "text")
    assert task.slots(("text", "image")) == ("anchor", "text", "image")
    assert not isinstance(task.transforms()["kind"], LabelTransform)
    metrics = task.metrics()
    task.measure(metrics, answered(task, *parts(task), rows), rows)
    assert metrics["probe_accuracy"].compute().isnan()


def test_shares_and_weights_out_of_range_are_refused(make):
    with pytest.raises(ValueError, match=r"word_ratio must be in \(0, 1\), got 0"):
        make(word_ratio=0)
    with pytest.raises(ValueError, match=r"patch_ratio must be in \(0, 1\), got 1"):
        make(patch_ratio=1)
    for weights, value in (({"pixels": 1}, "pixels: 1"), ({"words": -1}, "words: -1")):
        with pytest.raises(ValueError, match=f"weights must be of contrastive, .*, and not negative, got {value}"):
            make(weights=weights)
