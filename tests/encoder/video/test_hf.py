from __future__ import annotations

import torch
from transformers import AutoModel

from mmexp.contract import Padded
from mmexp.encoder.video.hf import HfVideoEncoder


def make(folder: str) -> HfVideoEncoder:
    return HfVideoEncoder(dim=8, model=folder, pretrained=True).eval()


def test_a_short_video_shows_each_frame_for_longer(tiny_videomae: str):
    encoder, model = make(tiny_videomae), AutoModel.from_pretrained(tiny_videomae).eval()
    pixels = torch.randint(0, 256, (3, 4, 3, 16, 16), dtype=torch.uint8)
    mask = torch.tensor([[True] * 4, [True, True, False, False], [False] * 4])
    found = encoder.extract(Padded(pixels, mask))
    shown = torch.stack([pixels[0], pixels[1, [0, 0, 1, 1]]])
    theirs = model(pixel_values=shown / 127.5 - 1).last_hidden_state
    torch.testing.assert_close(found.features[:2], theirs, rtol=1e-4, atol=1e-5)
    assert found.present.tolist() == [True, True, False]
    assert encoder(Padded(pixels, mask)).features.shape == (3, theirs.shape[1], 8)


def test_frames_are_as_large_and_as_many_as_the_model_reads(tiny_videomae: str):
    transform = make(tiny_videomae).transform
    assert transform.num_frames == 4 and transform.image.image_size == 16 and not transform.is_random
