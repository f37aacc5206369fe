from __future__ import annotations

import torch

from mmexp.layer.sample_weights import SampleWeights


def test_weights_pass_as_they_are_and_nothing_is_learned_or_stored():
    part, weights = SampleWeights(), torch.rand(3, 2)
    assert part(weights, weights > 0) is weights
    assert not list(part.parameters()) and not part.state_dict()
