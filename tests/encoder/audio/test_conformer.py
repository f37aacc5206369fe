from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Padded
from mmexp.encoder.audio.conformer import ConformerEncoder
from mmexp.transform.audio import AudioTransform


def make() -> ConformerEncoder:
    return ConformerEncoder(dim=8, transform=AudioTransform(sample_rate=4000), num_mels=10, depth=1, num_heads=2)


@pytest.mark.parametrize("length", [1, 37, 160, 161, 1999])
def test_padding_changes_no_real_token_and_a_batch_of_one_is_enough(length):
    encoder, samples = make().eval(), torch.randn(1, length)
    alone = encoder(Padded(samples, torch.ones_like(samples, dtype=torch.bool)))
    longer = F.pad(samples, (0, 1500))
    padded = encoder(Padded(longer, torch.arange(longer.shape[1])[None] < length))
    assert alone.mask.all() and padded.mask.sum() == alone.mask.sum() == -(-length // 160)
    torch.testing.assert_close(padded.features[padded.mask], alone.features[0], rtol=1e-3, atol=1e-3)


def test_frames_are_subsampled_as_torch_does_before_the_blocks():
    encoder, samples = make().eval(), torch.randn(2, 1000)
    inputs = Padded(samples, torch.ones_like(samples, dtype=torch.bool))
    mel = encoder.spectrogram(inputs).features.unsqueeze(1)
    first, second = encoder.halves
    halved = F.conv2d(F.conv2d(mel, first.weight, first.bias, 2, 1).relu(), second.weight, second.bias, 2, 1).relu()
    expected = encoder.project(halved.permute(0, 2, 1, 3).reshape(2, 7, 32 * 3))
    tokens = encoder(inputs)
    torch.testing.assert_close(tokens.features, encoder.blocks[0](expected, tokens.mask))
