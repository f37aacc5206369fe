from __future__ import annotations

import pytest
import torch

from mmexp.augment.rand_augment import RandAugment
from mmexp.contract import Batch, Padded


def make_batch(mask: list[bool], targets: dict[str, object] | None = None) -> Batch:
    pixels = torch.randint(256, (len(mask), 3, 16, 16), dtype=torch.uint8)
    inputs = {
        "image": Padded(pixels, torch.tensor(mask)),
        "vector": Padded(torch.ones(len(mask), 2), torch.tensor(mask)),
    }
    return Batch(inputs, targets or {}, tuple(map(str, range(len(mask)))))


def test_each_image_is_varied_by_itself_and_a_missing_one_stays():
    given = make_batch([True] * 6 + [False])
    given.inputs["image"].values[:6] = given.inputs["image"].values[0]
    found = RandAugment()(given).inputs["image"]
    assert found.values.dtype == torch.uint8 and found.values.shape == given.inputs["image"].values.shape
    assert torch.equal(found.values[6], given.inputs["image"].values[6])
    assert len({tuple(one.flatten().tolist()) for one in found.values[:6]}) > 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"operations": 0}, "operations must be at least 1, got 0"),
        ({"magnitude": 31}, r"magnitude must be in \[0, 30\], got 31"),
        ({"modality": "vector"}, "modality must be images among the inputs image, vector, got 'vector'"),
    ],
)
def test_what_is_out_of_range_or_no_image_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        RandAugment(**options)(make_batch([True]))


def test_a_mask_that_would_no_longer_fit_is_refused():
    mask = Padded(torch.zeros(1, 16, 16, dtype=torch.long), torch.tensor([True]))
    with pytest.raises(ValueError, match="targets must not be places in an image, got mask"):
        RandAugment()(make_batch([True], {"mask": mask}))
