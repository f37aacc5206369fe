from __future__ import annotations

import pytest
import torch

from mmexp.augment.gaussian_noise import GaussianNoise
from mmexp.contract import Batch, Padded


@pytest.fixture
def batch() -> Batch:
    mask = torch.arange(1000) < torch.tensor([1000, 400])[:, None]
    inputs = {
        "audio": Padded(torch.zeros(2, 1000), mask),
        "vector": Padded(torch.zeros(2, 3), mask[:, 0]),
        "image": Padded(torch.zeros(2, 3, 4, 4, dtype=torch.uint8), mask[:, 0]),
    }
    return Batch(inputs, {}, ("a", "b"))


def test_noise_has_its_deviation_on_what_is_real_and_padding_stays(batch):
    audio = GaussianNoise(modalities=["audio"], std=0.5)(batch).inputs["audio"]
    assert audio.values[audio.mask].std() == pytest.approx(0.5, rel=0.1)
    assert not audio.values[~audio.mask].any() and torch.equal(audio.mask, batch.inputs["audio"].mask)


def test_inputs_that_are_not_named_stay(batch):
    found = GaussianNoise(modalities=["vector"])(batch)
    assert found.inputs["audio"] is batch.inputs["audio"] and not batch.inputs["vector"].values.any()
    assert found.inputs["vector"].values.all()


@pytest.mark.parametrize(
    ("modalities", "std", "words"),
    [
        ([], 0.1, r"modalities must name at least one, got \[\]"),
        (["audio"], 0.0, "std must be positive, got 0.0"),
        (["smell"], 0.1, "modalities must be among the inputs audio, vector, image, got 'smell'"),
        (["image"], 0.1, "image must be real numbers, got torch.uint8"),
    ],
)
def test_what_it_cannot_add_noise_to_is_refused(batch, modalities, std, words):
    with pytest.raises(ValueError, match=words):
        GaussianNoise(modalities=modalities, std=std)(batch)
