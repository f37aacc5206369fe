"""What every vector encoder promises beyond any encoder's promises."""

from __future__ import annotations

import pytest
import torch

from mmexp.contract import Padded
from mmexp.encoder.vector.base import sequence
from mmexp.encoder.vector.linear import LinearEncoder
from mmexp.encoder.vector.mlp import MlpEncoder
from mmexp.transform.vector import VectorTransform

KINDS = pytest.mark.parametrize("kind", [LinearEncoder, MlpEncoder])


@KINDS
def test_a_vector_becomes_one_token(kind):
    encoder = kind(dim=8, transform=VectorTransform(width=3)).eval()
    values = torch.randn(4, 3)
    tokens = encoder(Padded(values, torch.tensor([True, False, True, True])))
    assert tokens.features.shape == (4, 1, 8) and tokens.mask.tolist() == [[True], [False], [True], [True]]
    torch.testing.assert_close(tokens.features[:, 0], encoder.norm(encoder.project(values)))
    assert encoder.position is None


@KINDS
def test_each_vector_of_a_sequence_becomes_a_token_that_knows_its_place(kind):
    encoder = kind(dim=8, transform=VectorTransform(width=3, max_length=5)).eval()
    torch.nn.init.normal_(encoder.position)
    row = torch.randn(3)
    same = row.expand(2, 4, 3)
    tokens = encoder(Padded(same, torch.tensor([[True] * 4, [True] * 2 + [False] * 2])))
    assert tokens.features.shape == (2, 4, 8) and tokens.mask.sum(1).tolist() == [4, 2]
    for place in range(4):
        alone = encoder.norm(encoder.project(row) + encoder.position[place])
        torch.testing.assert_close(tokens.features[:, place], alone.expand(2, 8))


@KINDS
def test_padding_and_other_vectors_change_no_token(kind):
    encoder = kind(dim=8, transform=VectorTransform(width=3, max_length=6)).eval()
    short = torch.randn(1, 2, 3)
    long = torch.cat([short, torch.full((1, 4, 3), 9.0)], 1)
    both = [encoder(Padded(values, torch.ones(values.shape[:2], dtype=torch.bool))) for values in (short, long)]
    torch.testing.assert_close(both[0].features, both[1].features[:, :2])


def test_a_single_vector_is_a_sequence_of_one():
    values, mask = torch.randn(2, 4, 3), torch.tensor([[True] * 4, [False] * 4])
    whole, single = sequence(Padded(values, mask)), sequence(Padded(values[:, 0], mask[:, 0]))
    assert torch.equal(whole.features, values) and torch.equal(whole.mask, mask)
    assert torch.equal(single.features, values[:, :1]) and torch.equal(single.mask, mask[:, :1])
