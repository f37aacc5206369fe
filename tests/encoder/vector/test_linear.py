from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from mmexp.contract import Padded
from mmexp.encoder.vector.linear import LinearEncoder
from mmexp.transform.vector import VectorTransform


def test_before_the_norm_it_is_one_matrix():
    encoder = LinearEncoder(dim=6, transform=VectorTransform(width=4))
    assert isinstance(encoder.project, nn.Linear) and sum(p.numel() for p in encoder.parameters()) == 4 * 6 + 3 * 6
    values = torch.randn(5, 4)
    tokens = encoder(Padded(values, torch.ones(5, dtype=torch.bool)))
    raw = values @ encoder.project.weight.T + encoder.project.bias
    torch.testing.assert_close(tokens.features[:, 0], F.layer_norm(raw, (6,)))
