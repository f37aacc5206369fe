from __future__ import annotations

import doctest

import pytest
import torch

import mmexp.fusion.fuse
from mmexp.contract import Tokens
from mmexp.fusion.attention import AttentionFusion
from mmexp.fusion.fuse import fuse, to_tokens
from mmexp.fusion.gated import GatedFusion
from mmexp.pool.mean import MeanPool


@pytest.fixture
def gated() -> GatedFusion:
    return GatedFusion(dim=8, modalities=["image", "text"], pool=MeanPool())


def test_its_example_runs():
    result = doctest.testmod(mmexp.fusion.fuse)
    assert result.attempted > 5 and not result.failed


def test_it_is_the_mean_of_the_joint_tokens(make_tokens):
    fusion = AttentionFusion(dim=8, modalities=["image", "text"]).eval()
    tokens = {"image": make_tokens(3, 1), "text": make_tokens(2, 4)}
    plain = {name: (own.features, own.mask) for name, own in tokens.items()}
    assert torch.equal(fuse(fusion, plain), fusion(tokens).pool())


def test_a_vector_is_one_token_and_what_has_no_mask_is_real(gated):
    image, text = torch.randn(3, 8), torch.randn(3, 5, 8)
    own = Tokens(image[:, None], torch.ones(3, 1, dtype=torch.bool))
    expected = fuse(gated, {"image": own, "text": (text, torch.ones(3, 5, dtype=torch.bool))})
    assert torch.equal(fuse(gated, {"image": image, "text": text}), expected)


def test_masked_rows_and_modalities_left_out_are_missing(gated):
    image, text, present = torch.randn(2, 8), torch.randn(2, 8), torch.tensor([True, False])
    fused, alone = fuse(gated, {"image": image, "text": (text, present)}), fuse(gated, {"image": image})
    torch.testing.assert_close(fused[1], alone[1])
    assert (fused[0] - alone[0]).abs().max() > 1e-3


def test_a_plain_loop_trains_it(gated):
    head = torch.nn.Linear(8, 1)
    optimizer = torch.optim.Adam([*gated.parameters(), *head.parameters()], lr=0.01)
    image, text = torch.randn(64, 8), torch.randn(64, 3, 8)
    target, losses = image[:, :1] - text.mean(1)[:, :1], []
    for _ in range(60):
        loss = (head(fuse(gated, {"image": image, "text": text})) - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, "GatedFusion: inputs must hold at least one of image, text, got none"),
        ({"image": torch.zeros(2, 9)}, "GatedFusion: image must be 8 wide, got 9"),
        (
            {"image": torch.zeros(2, 8), "text": torch.zeros(3, 8)},
            r"GatedFusion: inputs must have one batch size, got \{'image': 2, 'text': 3\}",
        ),
        ({"smell": torch.zeros(2, 8)}, "modality must be one of image, text, got 'smell'"),
    ],
)
def test_inputs_that_do_not_fit_the_fusion_are_refused(gated, inputs, words):
    with pytest.raises(ValueError, match=words):
        fuse(gated, inputs)


def test_features_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"shape must be \[B, N, D\] or \[B, D\], got \(2,\)"):
        to_tokens(torch.zeros(2))
    with pytest.raises(ValueError, match=r"mask must be bool \(2, 1\), got torch.bool \(3, 1\)"):
        to_tokens((torch.zeros(2, 8), torch.ones(3, dtype=torch.bool)))
