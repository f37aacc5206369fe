from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from mmexp.cache.store import NotKept
from mmexp.contract import Sample, Waveform
from mmexp.encoder.image.timm import TimmEncoder
from mmexp.encoder.video.frames import FramesEncoder
from mmexp.hardware.base import Hardware
from mmexp.training.extraction import Extraction, name_of, names_of
from mmexp.transform.hf_text import HfTextTransform
from mmexp.transform.image import ImageTransform


def frames() -> FramesEncoder:
    torch.manual_seed(0)
    image = TimmEncoder(dim=8, transform=ImageTransform(image_size=32), model="test_resnet")
    return FramesEncoder(dim=8, image=image, num_frames=2, num_heads=2)


def extraction(encoder: FramesEncoder) -> Extraction:
    return Extraction("video", encoder, encoder.image.extractor, Hardware(accelerator="cpu"))


def test_what_features_depend_on_is_plain_json_and_the_same_in_the_next_run():
    one, other = (json.dumps(extraction(frames()).parts) for _ in range(2))
    assert one == other and "test_resnet" in one


def test_the_packages_that_count_are_those_of_the_encoder_and_its_transform():
    assert set(extraction(frames()).parts["versions"]) == {"mmexp", "torch", "timm", "pillow"}


def test_a_file_is_known_by_its_hash_and_a_text_by_its_words(tiny_bert: str):
    image, text = ImageTransform(), HfTextTransform(folder=tiny_bert, max_length=6)
    sample = Sample("s", {"image": None, "text": ["a", "b"]}, {}, {"image": "hash"})
    assert names_of(sample, "image", image) == names_of(
        Sample("t", {"image": 1}, {}, {"image": "hash"}), "image", image
    )
    assert names_of(sample, "text", text) == [name_of("a"), name_of("b")]
    assert names_of(sample, "audio", image) is None


@pytest.mark.parametrize(
    "values",
    [
        ("a", "b"),
        ("1", 1),
        (("a", "b"), ("ab",)),
        (["a"], ("a",)),
        (np.zeros(2, np.uint8), np.zeros(2, np.float32)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (Waveform(np.zeros(2, np.float32), 8), Waveform(np.zeros(2, np.float32), 16)),
        (Waveform(np.zeros(2, np.float32), 8), Waveform(np.zeros(3, np.float32), 8)),
    ],
)
def test_other_values_have_other_names(values):
    assert len({name_of(value) for value in values}) == 2
    assert name_of(values[0]) == name_of(values[0])


class Thing:
    """A value of which nothing is known."""


def test_a_value_that_nothing_says_the_content_of_has_no_name():
    with pytest.raises(NotKept, match="a value must be of text, numbers or arrays, got Thing"):
        name_of([Thing()])
