from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from mmexp.head.speech.frame_queries import OCTAVES, FrameQueries

DIM = 8


def test_a_frame_knows_its_number_and_its_share_of_the_whole():
    torch.manual_seed(0)
    timeline, mask = FrameQueries(dim=DIM), torch.ones(1, 5, dtype=torch.bool)
    for i, frame in enumerate(timeline(mask).features[0]):
        slow = [f(i / 10000 ** (k / (DIM // 2 - 1))) for f in (math.sin, math.cos) for k in range(DIM // 2)]
        fast = [f((i + 0.5) / 5 * math.pi * 2**k) for f in (math.sin, math.cos) for k in range(OCTAVES)]
        expected = F.layer_norm(timeline.project(torch.tensor([*slow, *fast])), (DIM,))
        torch.testing.assert_close(frame, expected, rtol=1e-4, atol=1e-4)


def test_frames_depend_on_the_length_of_their_own_row_alone():
    torch.manual_seed(0)
    timeline, mask = FrameQueries(dim=DIM), torch.arange(9) < torch.tensor([[3], [9], [0]])
    together = timeline(mask)
    assert torch.equal(together.mask, mask) and together.features.isfinite().all()
    alone = timeline(torch.ones(1, 3, dtype=torch.bool)).features[0]
    torch.testing.assert_close(together.features[0, :3], alone)
    assert not torch.allclose(together.features[1, :3], alone, atol=0.1)


def test_a_width_that_is_odd_is_given_too():
    assert FrameQueries(dim=7)(torch.ones(2, 3, dtype=torch.bool)).features.shape == (2, 3, 7)
