from __future__ import annotations

import torch

from mmexp.contract import Batch, Padded, Tokens
from mmexp.masking.halves import apart, concatenate
from mmexp.transform.view import Images, View


def batch(seed: int) -> Batch:
    torch.manual_seed(seed)
    mask = torch.ones(2, dtype=torch.bool)
    pixels = Padded(torch.randint(0, 256, (2, 3, 4, 4), dtype=torch.uint8), mask)
    return Batch({"image": Images.seen(pixels, [View.whole(4, 4)] * 2)}, {str(seed): 1}, (f"{seed}a", f"{seed}b"))


def test_halves_come_apart_as_they_were_put_together():
    one, other = batch(0), batch(1)
    both = concatenate(one, other)
    assert both.ids == (*one.ids, *other.ids) and both.targets == {"0": 1, "1": 1}
    assert isinstance(both.inputs["image"], Images) and both.inputs["image"].sizes.shape == (4, 2)
    assert torch.equal(both.inputs["image"].values[2:], other.inputs["image"].values)
    tokens = Tokens(torch.randn(4, 3, 2), torch.ones(4, 3, dtype=torch.bool))
    here, there = apart(tokens)
    assert torch.equal(torch.cat([here.features, there.features]), tokens.features) and len(there.mask) == 2
