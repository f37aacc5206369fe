from __future__ import annotations

import torch

from mmexp.contract import Tokens
from mmexp.pool.mean import MeanPool


def test_only_real_tokens_are_averaged():
    features = torch.tensor([[[1.0], [3.0], [100.0]], [[5.0], [5.0], [5.0]]])
    mask = torch.tensor([[True, True, False], [False, False, False]])
    assert MeanPool()(Tokens(features, mask)).tolist() == [[2.0], [0.0]]
