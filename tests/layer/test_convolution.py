from __future__ import annotations

import torch
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.layer.convolution import ConvolutionStack

DIM = 6


def make(depth: int = 2, reach: int = 1) -> ConvolutionStack:
    torch.manual_seed(0)
    return ConvolutionStack(dim=DIM, depth=depth, reach=reach)


def test_a_block_adds_what_a_window_of_frames_says():
    blocks, x = make(depth=1), torch.randn(1, 4, DIM)
    around = F.pad(F.layer_norm(x, (DIM,)), (0, 0, 1, 1))[0]
    weight, bias = blocks.convolutions[0].weight, blocks.convolutions[0].bias
    told = [sum(weight[:, :, k] @ around[t + k] for k in range(3)) + bias for t in range(4)]
    added = blocks.mixes[0][-1](F.gelu(torch.stack(told)))
    expected = F.layer_norm(x[0] + added, (DIM,))
    torch.testing.assert_close(blocks(Tokens(x, torch.ones(1, 4, dtype=torch.bool))).features[0], expected)


def test_each_block_sees_so_far_and_no_further():
    blocks, x = make(depth=2, reach=2), torch.randn(1, 11, DIM, requires_grad=True)
    blocks(Tokens(x, torch.ones(1, 11, dtype=torch.bool))).features[0, 5].square().sum().backward()
    seen = x.grad[0].abs().sum(1) > 0
    assert seen.tolist() == [abs(t - 5) <= 4 for t in range(11)]


def test_padding_changes_nothing():
    blocks, x = make(), torch.randn(2, 7, DIM)
    mask = torch.arange(7) < torch.tensor([[4], [7]])
    x[0, 4:] = 1e4
    alone = blocks(Tokens(x[:1, :4], mask[:1, :4])).features[0]
    torch.testing.assert_close(blocks(Tokens(x, mask)).features[0, :4], alone)
