from __future__ import annotations

import torch

from mmexp.contract import Tokens
from mmexp.pool.max import MaxPool


def test_only_real_tokens_compete():
    features = torch.tensor([[[-1.0], [-3.0], [100.0]], [[5.0], [5.0], [5.0]]])
    mask = torch.tensor([[True, True, False], [False, False, False]])
    assert MaxPool()(Tokens(features, mask)).tolist() == [[-1.0], [0.0]]


def test_a_row_without_tokens_gets_no_gradient():
    features = torch.randn(2, 3, 4, requires_grad=True)
    MaxPool()(Tokens(features, torch.tensor([[True] * 3, [False] * 3]))).sum().backward()
    assert features.grad[0].sum() == 4 and not features.grad[1].any()
