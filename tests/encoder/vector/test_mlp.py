from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Padded
from mmexp.encoder.vector.mlp import MlpEncoder
from mmexp.transform.vector import VectorTransform


@pytest.mark.parametrize("widths", [(), (7,), (7, 5)])
def test_it_is_the_layers_one_behind_the_other(widths):
    encoder = MlpEncoder(dim=6, transform=VectorTransform(width=4), widths=widths).eval()
    values = x = torch.randn(3, 4)
    weights = [p for name, p in encoder.project.named_parameters() if name.endswith("weight")]
    biases = [p for name, p in encoder.project.named_parameters() if name.endswith("bias")]
    assert [len(weight) for weight in weights] == [*widths, 6]
    for i, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        x = x @ weight.T + bias
        x = F.gelu(x) if i < len(widths) else x
    tokens = encoder(Padded(values, torch.ones(3, dtype=torch.bool)))
    torch.testing.assert_close(tokens.features[:, 0], F.layer_norm(x, (6,)))


def test_hidden_features_are_dropped_while_training():
    encoder = MlpEncoder(dim=6, transform=VectorTransform(width=4), dropout=0.5)
    inputs = Padded(torch.randn(3, 4), torch.ones(3, dtype=torch.bool))
    assert not torch.equal(encoder(inputs).features, encoder(inputs).features)
    assert torch.equal(encoder.eval()(inputs).features, encoder(inputs).features)
