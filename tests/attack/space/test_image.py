from __future__ import annotations

import torch

from mmexp.attack.space.image import space
from mmexp.contract import Padded


def test_pixels_of_images_that_are_there_may_change_from_0_to_255():
    images = Padded(torch.full((2, 3, 4, 4), 250, dtype=torch.uint8), torch.tensor([True, False]))
    ball = space(images, None, {}).ball(8.0)
    found = ball.project(torch.full((2, 3, 4, 4), 300.0))
    assert found.dtype == torch.float32
    assert found[0].unique().tolist() == [255.0] and found[1].unique().tolist() == [250.0]


def test_frames_that_pad_a_video_stay_as_they_are():
    videos = Padded(torch.zeros(1, 3, 3, 2, 2, dtype=torch.uint8), torch.tensor([[True, True, False]]))
    found = space(videos, None, {}).ball(2.0).project(torch.full((1, 3, 3, 2, 2), 9.0))
    assert found[0].flatten(1).amax(1).tolist() == [2.0, 2.0, 0.0]
