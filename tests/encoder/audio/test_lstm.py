from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Padded
from mmexp.encoder.audio.lstm import LSTMEncoder
from mmexp.transform.audio import AudioTransform


def make(**settings: int) -> LSTMEncoder:
    return LSTMEncoder(dim=8, transform=AudioTransform(sample_rate=4000), num_mels=10, depth=1, **settings).eval()


@pytest.mark.parametrize("length", [1, 37, 160, 161, 1999])
def test_padding_changes_no_real_token_and_a_batch_of_one_is_enough(length):
    encoder, samples = make(), torch.randn(1, length)
    alone = encoder(Padded(samples, torch.ones_like(samples, dtype=torch.bool)))
    longer = F.pad(samples, (0, 1500))
    padded = encoder(Padded(longer, torch.arange(longer.shape[1])[None] < length))
    assert alone.mask.all() and padded.mask.sum() == alone.mask.sum() == -(-length // 160)
    torch.testing.assert_close(padded.features[padded.mask], alone.features[0], rtol=1e-3, atol=1e-3)


def test_it_is_torchs_lstm_over_frames_in_fours():
    encoder, samples = make(), torch.randn(1, 800)
    inputs = Padded(samples, torch.ones_like(samples, dtype=torch.bool))
    frames = encoder.spectrogram(inputs).features[0]  # [20, 10]
    stacks = torch.stack([torch.cat(list(frames[start : start + 4])) for start in range(0, 20, 4)])
    expected = F.layer_norm(encoder.recurrent.network(stacks[None])[0], (8,))
    torch.testing.assert_close(encoder(inputs).features, expected)


def test_a_stack_of_no_frames_is_refused():
    with pytest.raises(ValueError, match="LSTMEncoder: stack must be positive, got 0"):
        make(stack=0)
