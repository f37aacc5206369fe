from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch

from mmexp.contract import Batch, Padded, Tokens
from mmexp.transform.label import Labels


def batch() -> Batch:
    words = Padded(torch.ones(2, 3), torch.tensor([[True, True, False], [False] * 3]))
    labels = Labels(Padded(torch.tensor([1, 2]), torch.tensor([True, True])), ["cat", None])
    return Batch({"text": words}, {"label": labels, "pair": [torch.zeros(1), "x"], "none": None}, ("a", "b"))


def test_present_tells_rows_with_anything_real():
    assert batch().inputs["text"].present.tolist() == [True, False]
    assert Padded(torch.zeros(2, 3), torch.tensor([False, True])).present.tolist() == [False, True]
    assert Tokens(torch.zeros(2, 1, 4), torch.tensor([[True], [False]])).present.tolist() == [True, False]


def test_a_mask_that_is_not_bool_is_refused():
    with pytest.raises(TypeError, match=r"Padded: mask must be bool, got torch\.float32"):
        Padded(torch.zeros(2, 3), torch.ones(2))


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"Padded: mask must match .* \(2, 3\), got \(3,\)"):
        Padded(torch.zeros(2, 3), torch.ones(3, dtype=torch.bool))


def test_features_of_another_rank_are_refused():
    with pytest.raises(ValueError, match=r"Tokens: features must be \[B, N, D\], got \(2, 3\)"):
        Tokens(torch.zeros(2, 3), torch.ones(2, 3, dtype=torch.bool))


@pytest.mark.parametrize(
    ("mask", "got"),
    [(torch.ones(2, 4, dtype=torch.bool), r"torch\.bool \(2, 4\)"), (torch.ones(2, 3), "torch.float32")],
)
def test_a_token_mask_of_another_shape_or_type_is_refused(mask, got):
    with pytest.raises(ValueError, match=rf"Tokens: mask must be bool \(2, 3\), got {got}"):
        Tokens(torch.zeros(2, 3, 4), mask)


def test_pool_is_the_mean_of_the_real_tokens_and_zero_without_any(make_tokens):
    tokens = make_tokens(3, 1, 0, dim=4, places=5)
    rows = [row[:n].numpy().mean(0) if n else np.zeros(4) for row, n in zip(tokens.features, (3, 1, 0), strict=True)]
    np.testing.assert_allclose(tokens.pool().numpy(), rows, rtol=1e-5)


def test_cat_keeps_features_and_masks_together(make_tokens):
    left, right = make_tokens(2, 0), make_tokens(1, 3)
    both = Tokens.cat([left, right])
    assert both.mask.tolist() == [[True, True, True, False, False], [False, False, True, True, True]]
    assert torch.equal(both.features[:, 2:], right.features)


def test_to_moves_every_tensor_however_deep():
    moved = batch().to("meta")
    assert len(moved) == 2 and moved.ids == ("a", "b")
    assert moved.inputs["text"].values.is_meta and moved.inputs["text"].mask.is_meta
    assert moved.targets["label"].values.values.is_meta and moved.targets["label"].raw == ["cat", None]
    assert moved.targets["pair"][0].is_meta and moved.targets["pair"][1] == "x" and moved.targets["none"] is None


def test_pin_memory_reaches_every_tensor(monkeypatch):
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor + 1 if tensor.is_floating_point() else tensor)
    pinned = batch().pin_memory()
    assert pinned.inputs["text"].values.eq(2).all() and pinned.targets["pair"][0].item() == 1


def test_what_crosses_a_boundary_is_frozen():
    for value, name in ((batch(), "ids"), (batch().inputs["text"], "mask")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, None)


def test_some_rows_of_a_batch_are_a_batch():
    values = Padded(torch.arange(6).view(3, 2), torch.ones(3, 2, dtype=torch.bool))
    batch = Batch({"x": values}, {"y": torch.arange(3), "z": ["a", "b", "c"]}, ("1", "2", "3"), ({"x": "h"},) * 3)
    part = batch.rows(slice(1, 3))
    assert part.inputs["x"].values.tolist() == [[2, 3], [4, 5]] and part.inputs["x"].mask.shape == (2, 2)
    assert (part.targets["y"].tolist(), part.targets["z"], part.ids) == ([1, 2], ["b", "c"], ("2", "3"))
    assert len(part.files) == 2
