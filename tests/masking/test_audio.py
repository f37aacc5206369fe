from __future__ import annotations

import pytest
import torch

from mmexp.contract import Padded, Tokens
from mmexp.masking.audio import AudioMasking
from mmexp.transform.audio import AudioTransform

SPAN = 640  # samples of 80 ms at 8 kHz


def make(**options: float) -> AudioMasking:
    masking = AudioMasking(dim=4, num_mels=6, **options)
    masking.prepare(AudioTransform(sample_rate=8000))
    return masking.eval()


def clips(*lengths: int, longest: int = 0) -> Padded:
    longest = longest or max(lengths)
    mask = torch.arange(longest) < torch.tensor(lengths)[:, None]
    generator = torch.Generator().manual_seed(0)
    rows = [torch.randn(max(lengths), generator=generator) for _ in lengths]
    values = torch.stack([torch.nn.functional.pad(row, (0, longest - len(row))) for row in rows])
    return Padded(values * mask, mask)


def test_spans_are_silenced_and_the_rest_is_as_it_was():
    masking, own = make(), clips(10 * SPAN, 4 * SPAN + 1, 0)
    masked = masking.choose(own, ["a", "b", "c"])
    assert masked.shape == (3, 10) and masked.sum(1).tolist() == [5, 2, 0] and not masked[1, 5:].any()
    silent = masked.repeat_interleave(SPAN, 1)
    shown = masking.cover(own, masked).values
    assert not shown[silent].any() and torch.equal(shown[~silent], own.values[~silent])


def test_the_target_is_the_log_mel_of_real_frames():
    masking, own = make(), clips(3 * SPAN + 200)
    masked = torch.ones(1, 4, dtype=torch.bool)
    mel = masking.spectrogram(own).features[0]
    exact = torch.nn.functional.pad(mel, (0, 0, 0, 32 - len(mel)), value=7.0).view(4, -1)  # padding is no target
    assert masking.errors(exact, own, masked).abs().max() < 1e-6
    errors = masking.errors(torch.zeros_like(exact), own, masked)
    torch.testing.assert_close(errors[0], mel[:8].square().mean())
    torch.testing.assert_close(errors[3], mel[24:].square().mean())


def test_neither_mask_nor_prediction_nor_error_depends_on_the_padding():
    masking, alone, padded = make(), clips(5 * SPAN), clips(5 * SPAN, longest=9 * SPAN + 77)
    found = []
    for own, places in ((alone, 5), (padded, 10)):
        masked = masking.choose(own, ["a"])
        features = torch.arange(places * 4.0).view(1, places, 4)
        tokens = Tokens(features, torch.arange(places)[None] < 5)
        predicted = masking.predict(tokens, own, masked)
        found.append((masked[:, :5], predicted, masking.errors(predicted, own, masked)))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


def test_a_span_is_predicted_from_the_tokens_at_its_time():
    masking, own = make(), clips(4 * SPAN)
    tokens = Tokens(torch.randn(1, 4, 4), torch.ones(1, 4, dtype=torch.bool))
    masked = torch.tensor([[False, True, False, True]])
    torch.testing.assert_close(masking.predict(tokens, own, masked), masking.head(tokens.features[masked]))


def test_a_span_shorter_than_a_frame_is_refused():
    with pytest.raises(ValueError, match="AudioMasking: span must be at least 10 ms, got 5"):
        AudioMasking(dim=4, span=5)
