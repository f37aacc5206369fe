from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mmexp.fusion.tensor import TensorFusion
from mmexp.pool.mean import MeanPool


def make(count: int, dim: int = 4, entries: int = 2048) -> TensorFusion:
    fusion = TensorFusion(dim=dim, modalities=list("abcd")[:count], pool=MeanPool(), entries=entries)
    torch.nn.init.normal_(fusion.bias)
    return fusion


def naive(fusion: TensorFusion, vectors: Tensor, present: Tensor) -> Tensor:
    """Write the outer product of one row of vectors [M, D] out, then one linear layer."""
    whole = torch.ones(1)
    for vector, there, weight, bias in zip(vectors, present, fusion.weight, fusion.bias, strict=True):
        z = vector @ weight + bias if there else torch.zeros(fusion.width)
        whole = torch.outer(torch.cat([z, torch.ones(1)]), whole).flatten()
    order = [fusion.width + 1] * len(vectors)  # the last modality varies slowest in it, the first in the core
    whole = whole.view(order).permute(*reversed(range(len(vectors)))).movedim(0, -1)
    return whole.flatten() @ fusion.core.detach().view(-1, fusion.dim)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_it_is_a_linear_layer_over_the_outer_product(count):
    fusion = make(count)
    vectors, present = torch.randn(6, count, 4), torch.rand(6, count) < 0.7
    vectors = vectors * present.unsqueeze(-1)
    expected = torch.stack([naive(fusion, v, p) for v, p in zip(vectors, present, strict=True)])
    torch.testing.assert_close(fusion.combine(vectors, present), expected, rtol=1e-4, atol=1e-5)


def test_an_absent_modality_leaves_the_tensor_of_the_others():
    fusion, pair = make(3), make(2)
    pair.load_state_dict({"weight": fusion.weight[:2], "bias": fusion.bias[:2],
                          "core": fusion.core.view(5, 5, -1)[:, -1]})  # fmt: skip
    vectors = torch.randn(6, 3, 4)
    vectors[:, 2] = 0
    here = torch.tensor([True, True, False]).expand(6, 3)
    torch.testing.assert_close(fusion.combine(vectors, here), pair.combine(vectors[:, :2], here[:, :2]))


@pytest.mark.parametrize(("count", "dim", "width"), [(1, 128, 128), (2, 128, 44), (3, 128, 11), (4, 128, 5), (3, 8, 8)])
def test_the_width_is_the_largest_for_which_the_entries_suffice(count, dim, width):
    fusion = make(count, dim)
    assert fusion.width == width and fusion.core.numel() == (width + 1) ** count * dim


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_output_starts_at_unit_scale(count):
    fusion = TensorFusion(dim=64, modalities=list("abcd")[:count], pool=MeanPool())
    fused = fusion.combine(torch.randn(500, count, 64), torch.ones(500, count, dtype=torch.bool))
    assert fused.square().mean().item() == pytest.approx(1, rel=0.25)


def test_entries_that_leave_no_room_for_a_feature_are_refused():
    with pytest.raises(ValueError, match="TensorFusion: entries must be at least 8 for 3 modalities, got 7"):
        make(3, entries=7)
