from __future__ import annotations

import pytest
import torch

from mmexp.augment.cutmix import CutMix, box
from mmexp.contract import Batch, Padded
from mmexp.transform.label import Labels


def make_batch(*there: bool) -> Batch:
    rows = len(there)
    pixels = torch.arange(rows, dtype=torch.uint8)[:, None, None, None].repeat(1, 3, 8, 10)
    inputs = {
        "image": Padded(pixels, torch.tensor(there)),
        "vector": Padded(torch.arange(float(rows))[:, None], torch.ones(rows, dtype=torch.bool)),
    }
    labels = Labels(Padded(torch.arange(rows), torch.ones(rows, dtype=torch.bool)), list(there), rows)
    return Batch(inputs, {"label": labels}, tuple(map(str, range(rows))))


@pytest.mark.parametrize("seed", range(5))
def test_labels_and_other_inputs_are_mixed_by_the_area_of_the_box(seed):
    torch.manual_seed(seed)
    found = CutMix()(make_batch(*[True] * 4))
    labels = found.targets["label"].values.values
    for row, pixels in enumerate(found.inputs["image"].values):
        assert (pixels[0] == pixels[1]).all()
        own = float((pixels[0] == row).float().mean())
        assert float(labels[row, row]) == pytest.approx(own, abs=1e-6)
        assert float(found.inputs["vector"].values[row]) == pytest.approx(float(pixels[0].float().mean()), abs=1e-5)


def test_an_image_that_one_of_the_two_lacks_is_that_of_the_other():
    found = CutMix()(make_batch(True, False)).inputs["image"]
    assert not found.values[0].any() and found.mask[0]


def test_a_box_has_its_share_of_the_side_unless_it_sticks_out():
    boxes = [box(100, 0.75) for _ in range(50)]
    assert max(one.stop - one.start for one in boxes) == 50 and {one.start for one in boxes} != {0}
    assert all(0 <= one.start <= one.stop <= 100 for one in boxes)
    whole = box(10, 1.0)
    assert whole.start == whole.stop


@pytest.mark.parametrize("name", ["vector", "film"])
def test_what_is_no_image_is_refused(name):
    with pytest.raises(ValueError, match=f"modality must be images among the inputs image, vector, got '{name}'"):
        CutMix(modality=name)(make_batch(True, True))
