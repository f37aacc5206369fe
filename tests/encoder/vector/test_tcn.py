from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.contract import Padded
from mmexp.encoder.vector.tcn import TCNEncoder
from mmexp.transform.vector import VectorTransform


def make(**settings: int) -> TCNEncoder:
    return TCNEncoder(dim=4, transform=VectorTransform(width=3, max_length=50), **settings).eval()


def convolve(convolution: torch.nn.Conv1d, rows: list[Tensor], dilation: int) -> list[Tensor]:
    """Step by step: each place sums what its taps give of the places before it."""
    original = convolution.parametrizations.weight
    direction = original.original1 / original.original1.flatten(1).norm(dim=1)[:, None, None]
    taps = (original.original0 * direction).unbind(2)
    out = []
    for place in range(len(rows)):
        total = convolution.bias
        for back, tap in enumerate(reversed(taps)):
            if place >= back * dilation:
                total = total + tap @ rows[place - back * dilation]
        out.append(total.relu())
    return out


def test_it_agrees_with_sums_over_earlier_vectors_place_by_place():
    encoder, values = make(depth=3, kernel=2), torch.randn(9, 3)
    rows = list(values)
    for place, block in enumerate(encoder.blocks):
        torch.nn.init.uniform_(block.first.parametrizations.weight.original0, 0.5, 2)
        added = convolve(block.second, convolve(block.first, rows, 2**place), 2**place)
        skips = [block.skip.weight[:, :, 0] @ row + block.skip.bias for row in rows] if place == 0 else rows
        rows = [(skip + more).relu() for skip, more in zip(skips, added, strict=True)]
    tokens = encoder(Padded(values[None], torch.ones(1, 9, dtype=torch.bool)))
    torch.testing.assert_close(tokens.features[0], F.layer_norm(torch.stack(rows), (4,)))


@pytest.mark.parametrize(("depth", "kernel"), [(1, 2), (2, 3), (3, 2)])
def test_the_receptive_field_is_the_one_that_is_stated(depth, kernel):
    encoder, values = make(depth=depth, kernel=kernel), torch.randn(1, 3, 50, requires_grad=True)
    for block in encoder.blocks:
        torch.nn.init.constant_(block.first.bias, 9.0)
        torch.nn.init.constant_(block.second.bias, 9.0)
    encoder.blocks(values)[0, :, 40].sum().backward()
    seen = values.grad[0].any(0).nonzero()[:, 0]
    assert seen.max() == 40 and len(seen) == 1 + 2 * (kernel - 1) * (2**depth - 1) == 41 - seen.min()


def test_padding_changes_no_real_token_and_no_real_vector_gives_no_nan():
    encoder, values = make(), torch.randn(2, 9, 3)
    whole = encoder(Padded(values, torch.arange(9) < torch.tensor([[5], [0]])))
    alone = encoder(Padded(values[:1, :5], torch.ones(1, 5, dtype=torch.bool)))
    torch.testing.assert_close(whole.features[:1, :5], alone.features)
    assert whole.features.isfinite().all() and whole.mask.sum(1).tolist() == [5, 0]


@pytest.mark.parametrize("name", ["depth", "kernel"])
def test_a_size_must_be_positive(name):
    with pytest.raises(ValueError, match=f"TCNEncoder: {name} must be positive, got 0"):
        make(**{name: 0})
