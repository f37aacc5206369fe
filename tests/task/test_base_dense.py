from __future__ import annotations

import pytest
import torch

from mmexp.contract import Batch, Tokens
from mmexp.error import ConfigError
from mmexp.fusion.sum import SumFusion
from mmexp.pool.mean import MeanPool
from mmexp.task.detection import Detection

DIM = 4


def make() -> Detection:
    return Detection(dim=DIM, classes=["cat"], target="objects")


def test_the_image_comes_first_and_must_be_there():
    task = make()
    assert task.slots(["text", "image"]) == ("image", "text")
    with pytest.raises(ConfigError, match="Detection: inputs must include image, got text, audio"):
        task.slots(["text", "audio"])


def test_each_place_is_fused_with_the_other_inputs():
    names = ["image", "text"]
    task, fusion = make(), SumFusion(dim=DIM, modalities=names, pool=MeanPool())
    torch.manual_seed(0)
    tokens = {name: Tokens(torch.randn(2, 4, DIM), torch.ones(2, 4, dtype=torch.bool)) for name in names}
    expected = fusion.onto(tokens["image"], {"text": tokens["text"]}).features
    torch.testing.assert_close(task.fuse(tokens, fusion)[:, :, 1, 0], expected[:, 2])
    assert task.fuse({"image": tokens["image"]}, fusion).shape == (2, DIM, 2, 2)


def test_plain_values_are_taken_for_whole_pictures():
    from mmexp.contract import Padded

    values = Padded(torch.zeros(1, 3, 8, 8, dtype=torch.uint8), torch.ones(1, dtype=torch.bool))
    assert make().images(Batch({"image": values}, {}, ("a",))).sizes.tolist() == [[8, 8]]
