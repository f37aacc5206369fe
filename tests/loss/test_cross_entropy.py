from __future__ import annotations

import torch
from torch.nn import functional as F

from mmexp.loss.cross_entropy import CrossEntropyLoss


def test_it_is_that_of_torch_also_where_scores_are_extreme():
    logits = torch.cat([torch.randn(6, 4), torch.tensor([[1e4, -1e4, 0.0, 5.0]])])
    shares = torch.randn(7, 4).softmax(1)
    loss = CrossEntropyLoss()
    torch.testing.assert_close(loss.multiclass(logits, shares), F.cross_entropy(logits, shares, reduction="none"))
    expected = F.binary_cross_entropy_with_logits(logits, shares, reduction="none").mean(1)
    torch.testing.assert_close(loss.multilabel(logits, shares), expected)
