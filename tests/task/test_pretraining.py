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
from mmexp.error import ConfigError
from mmexp.fusion.attention import AttentionFusion
from mmexp.fusion.none import NoFusion
from mmexp.masking.base import Masking
from mmexp.masking.halves import apart
from mmexp.masking.image import ImageMasking
from mmexp.masking.patches import cut
from mmexp.masking.text import TextMasking
from mmexp.masking.vector import VectorMasking
from mmexp.pool.mean import MeanPool
from mmexp.task.pretraining import Pretraining
from mmexp.transform.image import ImageTransform
from mmexp.transform.label import LabelTransform
from mmexp.transform.text import TextTransform, Tokenizer
from mmexp.transform.vector import VectorTransform

DIM, SIDE, PATCH, WORDS = 16, 4, 4, 5
OBJECTIVES = {"contrastive", "matching", "masked_image", "masked_text"}


class Encoders(nn.Module):
    """A token for each patch, and for each word, that knows its place."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.word, self.vector = nn.Linear(3 * PATCH**2, DIM), nn.Embedding(14, DIM), nn.Linear(3, DIM)
        self.places = nn.Parameter(torch.randn(SIDE**2, DIM))

    def forward(self, batch: Batch) -> dict[str, Tokens]:
        return {name: getattr(self, f"of_{name}")(own) for name, own in batch.inputs.items()}

    def of_image(self, image: Padded) -> Tokens:
        patches = self.patch(cut(image.values, SIDE, PATCH)) + self.places
        return Tokens(patches, image.mask[:, None].expand(-1, SIDE**2))

    def of_text(self, text: Padded) -> Tokens:
        return Tokens(self.word(text.values) + self.places[: text.values.shape[1]], text.mask)

    def of_vector(self, vector: Padded) -> Tokens:
        return Tokens(self.vector(vector.values)[:, None], vector.mask[:, None])


def maskings() -> dict[str, Masking]:
    image = ImageMasking(dim=DIM, side=SIDE, patch_size=PATCH)
    return {"image": image, "text": TextMasking(dim=DIM), "vector": VectorMasking(dim=DIM, ratio=0.5)}


@pytest.fixture
def make(tokenizer: str) -> Any:
    known = {
        "image": ImageTransform(image_size=16),
        "text": TextTransform(tokenizer=tokenizer),
        "vector": VectorTransform(width=3),
    }

    def build(*inputs: str, **options: Any) -> Pretraining:
        torch.manual_seed(0)
        task = Pretraining(**{"pool": MeanPool(), "dim": DIM, "masking": maskings(), **options})
        names = inputs or ("image", "text")
        task.prepare({name: name for name in names}, {name: known[name] for name in names})
        return task

    return build


def fusion(*inputs: str) -> AttentionFusion:
    torch.manual_seed(1)
    return AttentionFusion(dim=DIM, modalities=("anchor", *(inputs or ("image", "text"))), dropout=0.0)


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
    return Encoders(), fusion(*(task.alignment.modalities if task.alignment else ()))


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
        assert set(losses) == OBJECTIVES
        torch.stack(list(losses.values())).sum().backward()
        optimizer.step()
    after = scored(task, encoders, fused, rows)
    assert after["masked_text"] < before["masked_text"] / 2 and after["contrastive"] < before["contrastive"]
    assert after["matching"] < 0.9 * before["matching"] and after["masked_image"] < before["masked_image"]
    assert after["masked_text_accuracy"] > 0.5 and after["probe_accuracy"] > 0.5
    assert {"image_to_text_recall_at_1", "text_to_image_recall_at_1", "image_to_text_median_rank"} < set(after)


def scored(task: Pretraining, encoders: Encoders, fused: AttentionFusion, rows: Batch) -> dict[str, float]:
    metrics = task.eval().metrics()
    with torch.no_grad():
        task.measure(metrics, answered(task, encoders, fused, rows), rows)
    return {name: value.item() for name, value in metrics.compute().items()}


def test_the_first_half_is_whole_and_the_second_hides_what_it_says(make):
    task, rows = make(), batch(6)
    shown = task.shown(rows)
    masked = shown.targets["masked"]
    assert len(shown) == 12 and masked["text"].shape == (6, WORDS) and masked["image"].shape == (6, SIDE**2)
    for name, own in shown.inputs.items():
        assert torch.equal(own.values[:6], rows.inputs[name].values)
    assert torch.equal(shown.inputs["text"].values[6:] == Tokenizer.unk, masked["text"])


def test_hiding_is_random_while_training_and_fixed_when_answering(make):
    task, rows = make(), batch(6)
    drawn = [task.train().mask(rows)["image"] for _ in range(2)]
    fixed = [task.eval().mask(rows)["image"] for _ in range(2)]
    assert not torch.equal(*drawn) and torch.equal(*fixed)
    part = replace(rows, ids=rows.ids[::-1])
    assert torch.equal(task.mask(part)["image"].flip(0), fixed[0])


def test_a_hidden_part_is_told_from_the_whole_other_side_and_not_from_itself(make):
    task, rows = make().eval(), batch(4)
    encoders, fused = parts(task)
    outputs = answered(task, encoders, fused, rows)
    masked = outputs["masked"]
    ids = rows.inputs["text"]
    others = ids.values.masked_fill(masked["text"], 9)
    changed = answered(task, encoders, fused, replace(rows, inputs={**rows.inputs, "text": Padded(others, ids.mask)}))
    torch.testing.assert_close(changed["predicted"]["text"], outputs["predicted"]["text"])
    assert not torch.allclose(changed["predicted"]["image"], outputs["predicted"]["image"])


def test_losses_agree_with_their_plain_forms(make):
    task, rows = make().eval(), batch(5)
    encoders, fused = parts(task)
    outputs = answered(task, encoders, fused, rows)
    losses, masked = task.losses(outputs, rows), outputs["masked"]
    words = [
        F.cross_entropy(logits, target)
        for logits, target in zip(outputs["predicted"]["text"], rows.inputs["text"].values[masked["text"]], strict=True)
    ]
    torch.testing.assert_close(losses["masked_text"], torch.stack(words).mean())
    targets = cut(rows.inputs["image"].values, SIDE, PATCH)[masked["image"]]
    targets = (targets - targets.mean(1, keepdim=True)) / (targets.var(1, keepdim=True, correction=0) + 1e-6) ** 0.5
    torch.testing.assert_close(
        losses["masked_image"], F.mse_loss(outputs["predicted"]["image"], targets), rtol=1e-3, atol=1e-3
    )
    one, other = outputs["embeddings"].values()
    likeness = one @ other.T / 0.07
    both = [F.cross_entropy(one, torch.arange(5)) for one in (likeness, likeness.T)]
    torch.testing.assert_close(losses["contrastive"], sum(both) / 2)
    own = likeness.fill_diagonal_(-torch.inf)
    tokens = {n: apart(own)[0] for n, own in encoders(task.shown(rows)).items()}
    wrong = [pair_of(task, fused, tokens, i, int(own[i].argmax())) for i in range(5)]
    wrong += [pair_of(task, fused, tokens, int(own[:, i].argmax()), i) for i in range(5)]
    right = [pair_of(task, fused, tokens, i, i) for i in range(5)]
    scores, belong = torch.cat([*right, *wrong]), torch.tensor([1.0] * 5 + [0.0] * 10)
    weights = torch.tensor([1 / 5] * 5 + [1 / 10] * 10) / 2
    expected = F.binary_cross_entropy_with_logits(scores, belong, weights, reduction="sum")
    torch.testing.assert_close(losses["matching"], expected)


def pair_of(task: Pretraining, fused: AttentionFusion, tokens: dict[str, Tokens], image: int, text: int) -> Tensor:
    rows = {"image": image, "text": text}
    pair = {n: Tokens(own.features[[rows[n]]], own.mask[[rows[n]]]) for n, own in tokens.items()}
    return task.matcher(pair, fused)[1]


def test_weights_count_and_zero_leaves_an_objective_out(make):
    rows = batch(4)
    plain, other = (make(weights=weights).eval() for weights in (None, {"masked_text": 3, "masked_image": 0}))
    encoders, fused = parts(plain)
    losses, found = (task.losses(answered(task, encoders, fused, rows), rows) for task in (plain, other))
    torch.testing.assert_close(
        found, {n: losses[n] * (3 if n == "masked_text" else 1) for n in losses if n != "masked_image"}
    )


def test_a_pair_that_lacks_a_side_learns_from_the_other(make):
    task, rows = make().eval(), batch(4)
    encoders, fused = parts(task)
    rows.inputs["text"].mask[0] = False
    rows.inputs["image"].mask[1] = False
    outputs = answered(task, encoders, fused, rows)
    assert outputs["masked"]["text"].any(1).tolist() == [False, True, True, True]
    assert outputs["masked"]["image"].any(1).tolist() == [True, False, True, True]
    assert all(loss.isfinite() for loss in task.losses(outputs, rows).values())
    for name in ("text", "image"):
        rows.inputs[name].mask[:] = False
    outputs = answered(task, encoders, fused, rows)
    losses = task.losses(outputs, rows)
    torch.stack(list(losses.values())).sum().backward()
    assert all(loss == 0 for loss in losses.values())
    assert all(row["masked_image"] is None and row["masked_text"] == [] for row in task.predictions(outputs, rows))


def test_each_row_shows_what_was_told_of_its_hidden_parts(make):
    task, rows = make().eval(), batch(3)
    outputs = answered(task, *parts(task), rows)
    found = task.predictions(outputs, rows)
    vocabulary = dict(task.masked())["text"].vocabulary
    json.dumps(found, default=np.ndarray.tolist)
    for i, row in enumerate(found):
        targets = rows.inputs["text"].values[i][outputs["masked"]["text"][i]].tolist()
        assert [word for word, _ in row["masked_text"]] == [vocabulary[target] for target in targets]
        assert row["masked_image"].shape == (16, 16, 3) and row["masked_image"].dtype == np.uint8
        assert row["match"] == (row["score"] > 0.5) and -1 <= row["likeness"] <= 1
    samples = [Sample(row["id"], {"image": row["masked_image"], "text": "a red ball"}, {}) for row in found]
    titles = [axes.get_title() for axes in task.plots(found, samples)["masked_image"].axes if axes.images]
    assert len(titles) == 3 and all(title.startswith("a red ball\n") for title in titles)
    assert task.plots([{**row, "masked_image": None} for row in found], samples) == {}


def test_the_probe_reads_a_target_that_it_neither_needs_nor_learns(make):
    task, rows = make(probe="kind").eval(), batch(4)
    assert task.targets == () and list(task.transforms()) == ["kind"] and make().transforms() == {}
    assert "probe_accuracy" not in make().metrics() and task.inputs is None
    assert task.slots(("text", "image")) == ("anchor", "text", "image")
    assert not isinstance(task.transforms()["kind"], LabelTransform)
    metrics = task.metrics()
    task.measure(metrics, answered(task, *parts(task), rows), rows)
    assert metrics["probe_accuracy"].compute().isnan()


def three(rows: int) -> Batch:
    """As ``batch``, with numbers that follow the shade; the last sample has none, the first no image."""
    own = batch(rows)
    numbers = torch.arange(rows).unsqueeze(1) + torch.tensor([0.0, 10.0, 20.0])
    own.inputs["image"].mask[0] = False
    own.inputs["vector"] = Padded(numbers, torch.arange(rows) < rows - 1)
    return own


def test_any_modalities_are_contrasted_in_pairs_that_both_have(make):
    task, rows = make("image", "text", "vector").eval(), three(5)
    encoders, fused = parts(task)
    outputs = answered(task, encoders, fused, rows)
    losses = task.losses(outputs, rows)
    assert set(losses) == OBJECTIVES | {"masked_vector"} and task.reads == ("image", "text", "vector")
    expected = []
    for one, other in (("image", "text"), ("image", "vector"), ("text", "vector")):
        real = rows.inputs[one].present & rows.inputs[other].present
        likeness = outputs["embeddings"][one][real] @ outputs["embeddings"][other][real].T / 0.07
        expected += [F.cross_entropy(own, torch.arange(len(own))) for own in (likeness, likeness.T)]
    torch.testing.assert_close(losses["contrastive"], torch.stack(expected).mean())
    found = scored(task, encoders, fused, rows)
    assert {"image_to_vector_recall_at_1", "vector_to_image_recall_at_1", "vector_to_text_recall_at_1"} < set(found)
    torch.stack(list(losses.values())).sum().backward()
    assert all(part.grad is not None and part.grad.isfinite().all() for part in encoders.parameters())


def test_pairs_with_one_modality_leave_the_others_out(make):
    task = make("image", "text", "vector", pairs="text")
    assert task.alignment.pairs == (("text", "image"), ("text", "vector"))
    assert task.notes() == ["pretraining contrasts text-image, text-vector and masks image, text, vector"]
    names = [name for name in task.metrics() if "_to_" in name]
    assert names == ["text_to_image", "text_to_vector"]


def test_a_placeholder_is_no_partner(make):
    task, rows = make().eval(), batch(4)
    encoders, fused = parts(task)
    rows.inputs["text"].mask[0] = False
    shown = task.shown(rows)
    tokens = encoders(shown)
    tokens["text"] = Tokens(tokens["text"].features, torch.ones_like(tokens["text"].mask))
    assert not task(tokens, fused, shown)["embeddings"]["text"][0].any()


def test_images_of_one_file_are_one_candidate(make):
    task, rows = make(weights={"masked_image": 0, "masked_text": 0}).eval(), batch(4)
    rows.inputs["image"].values[1] = rows.inputs["image"].values[0]
    files = tuple({"image": str(max(i, 1))} for i in range(4))
    found = [scored(task, *parts(task), own) for own in (rows, replace(rows, files=files))]
    ranks = [own["text_to_image_median_rank"] for own in found]
    assert ranks[1] <= ranks[0] and task.shown(rows) is rows
    assert found[1]["text_to_image_recall_at_5"] == 1


def test_what_has_no_masking_or_another_transform_is_only_contrasted(make):
    task = make("image", "vector", masking={"vector": TextMasking(dim=DIM)})
    assert task.reads == () and set(task.weights) == {"contrastive", "matching"}
    assert task.notes() == ["pretraining contrasts image-vector; image, vector not masked"]
    own = {"photo": ImageMasking(dim=DIM, ratio=0.2), "image": ImageMasking(dim=DIM)}
    named = Pretraining(pool=MeanPool(), dim=DIM, masking=own)
    named.prepare({"photo": "image", "scan": "image"}, dict.fromkeys(("photo", "scan"), ImageTransform(image_size=16)))
    assert {name: one.ratio for name, one in named.masked()} == {"photo": 0.2, "scan": 0.6}


def test_a_single_input_is_masked_and_its_own_error_decides(make):
    task, rows = make("vector").eval(), three(6)
    rows = replace(rows, inputs={"vector": rows.inputs["vector"]})
    assert task.monitor == "masked_vector" and task.slots(["vector"]) == ("vector",)
    alone = NoFusion(dim=DIM, modalities=["vector"])
    shown = task.shown(rows)
    outputs = task(Encoders()(shown), alone, shown)
    assert set(task.losses(outputs, rows)) == {"masked_vector"}
    assert [set(row) for row in task.predictions(outputs, rows)] == [{"id", "masked_vector"}] * 6
    assert task.notes() == ["pretraining masks vector"]


def test_weights_and_pairs_that_name_nothing_are_refused(make):
    with pytest.raises(ValueError, match="weights must be at least 0, got matching: -1"):
        make(weights={"matching": -1})
    with pytest.raises(ConfigError, match=r"weights must be of contrastive, matching, masked_image, .*, got pixels"):
        make(weights={"pixels": 1})
    with pytest.raises(ConfigError, match="pairs must be all or one of image, text, got 'audio'"):
        make(pairs="audio")
    with pytest.raises(ConfigError, match=r"inputs must be two or more, or one that can be masked, .*, got image"):
        make("image", masking={})
