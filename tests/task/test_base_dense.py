from __future__ import annotations

import pytest
import torch

from mmexp.contract import Batch, Tokens
from mmexp.error import ConfigError
from mmexp.fusion.sum import SumFusion
from mmexp.pool.mean import MeanPool
from mmexp.task.base_dense import as_grid
from mmexp.task.detection import Detection

DIM = 4


def test_tokens_lie_on_their_grid_row_by_row():
    tokens = torch.arange(9.0).view(1, 9, 1)
    assert as_grid(tokens)[0, 0].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def make() -> Detection:
    return Detection(dim=DIM, classes=["cat"], target="objects")


@pytest.mark.parametrize("front", [1, 5])
def test_tokens_in_front_that_have_no_place_are_left_out(front):
    tokens = torch.arange(-float(front), 16).view(1, 16 + front, 1)
    assert as_grid(tokens).flatten().tolist() == list(range(16))


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
