from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.contract import Padded, Tokens
from mmexp.encoder.audio.logmel import equally_loud
from mmexp.encoder.audio.wavenet import GatedLayer, WaveNetEncoder, average
from mmexp.transform.audio import AudioTransform


def make(**settings: float) -> WaveNetEncoder:
    settings = {"hop": 10, "width": 4, "stride": 4, "depth": 3, "stacks": 2, "dropout": 0.0, **settings}
    return WaveNetEncoder(dim=8, transform=AudioTransform(sample_rate=4000), **settings)


def real(samples: Tensor) -> Padded:
    return Padded(samples, torch.ones_like(samples, dtype=torch.bool))


def step(layer: GatedLayer, queue: list[Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """One frame of one row through one layer, which keeps its past inputs in a queue. [W] -> [W], [W]"""
    queue.append(x)
    before = queue.pop(0)
    past, now = layer.convolution.weight.unbind(2)
    signal, gate = (past @ before + now @ x + layer.convolution.bias).chunk(2)
    residual, skip = (layer.out.weight[:, :, 0] @ (signal.tanh() * gate.sigmoid()) + layer.out.bias).chunk(2)
    return x + residual, skip


@pytest.mark.parametrize("stride", [1, 4])
def test_it_agrees_with_one_frame_at_a_time_from_queues(stride):
    encoder, samples = make(stride=stride), torch.randn(30)
    queues = [[torch.zeros(4)] * layer.dilation for layer in encoder.layers]
    kernel = encoder.front.weight[:, 0]
    padded = F.pad(samples, (stride, -30 % stride))
    expected = []
    for start in range(0, 30, stride):
        x, total = kernel @ padded[start : start + 2 * stride] + encoder.front.bias, torch.zeros(4)
        for layer, queue in zip(encoder.layers, queues, strict=True):
            x, skip = step(layer, queue, x)
            total = total + skip
        expected.append(total)
    torch.testing.assert_close(encoder.frames(samples[None])[0], torch.stack(expected, 1))


@pytest.mark.parametrize(("stride", "depth", "stacks"), [(1, 3, 1), (2, 3, 2), (4, 2, 3)])
def test_the_receptive_field_is_the_one_that_is_stated(stride, depth, stacks):
    encoder = make(stride=stride, depth=depth, stacks=stacks)
    samples = torch.randn(1, 400, requires_grad=True)
    frame = 300 // stride
    encoder.frames(samples)[0, :, frame].sum().backward()
    seen = samples.grad[0].nonzero()[:, 0]
    assert len(seen) == stride * (2 + stacks * (2**depth - 1))
    assert seen.max() == (frame + 1) * stride - 1 and len(seen) == seen.max() - seen.min() + 1


def test_the_default_sees_a_quarter_of_a_second():
    encoder = WaveNetEncoder(dim=8, transform=AudioTransform())
    dilations = [layer.dilation for layer in encoder.layers]
    assert dilations == [1, 2, 4, 8, 16, 32] * 2
    assert encoder.stride * (2 + sum(dilations)) == 2048 and encoder.transform.sample_rate == 8000


@pytest.mark.parametrize("length", [1, 39, 40, 41, 777])
def test_padding_changes_no_real_token_and_a_batch_of_one_is_enough(length):
    encoder, samples = make(), torch.randn(1, length)
    alone = encoder(real(samples))
    longer = torch.cat([samples, torch.full((1, 500), 9.0)], 1)
    padded = encoder(Padded(longer, torch.arange(longer.shape[1])[None] < length))
    assert alone.mask.all() and padded.mask.sum() == alone.mask.sum() == -(-length // 40)
    torch.testing.assert_close(padded.features[padded.mask], alone.features[0])


def test_a_token_is_the_mean_of_the_real_frames_of_its_hop():
    encoder, samples = make(), torch.randn(1, 100)
    frames = encoder.frames(10 * equally_loud(real(samples)))[0].relu()
    expected = torch.stack([frames[:, :10].mean(1), frames[:, 10:20].mean(1), frames[:, 20:].mean(1)])
    mixed = encoder.mix(Tokens(encoder.project(expected)[None], torch.ones(1, 3, dtype=torch.bool)))
    torch.testing.assert_close(encoder(real(samples)).features, mixed.features)


def test_what_comes_later_changes_no_frame():
    encoder, samples = make(), torch.randn(1, 200)
    other = torch.cat([samples[:, :120], torch.randn(1, 80)], 1)
    first, second = encoder.frames(samples), encoder.frames(other)
    torch.testing.assert_close(first[:, :, :30], second[:, :, :30], rtol=0, atol=0)
    assert not torch.allclose(first[:, :, 30], second[:, :, 30])


def test_no_real_frame_gives_no_token_and_no_nan():
    tokens = average(torch.full((1, 5, 2), torch.pi), torch.zeros(1, 5, dtype=torch.bool), 2)
    assert tokens.features.tolist() == [[[0.0, 0.0]] * 3] and not tokens.mask.any()


def test_a_hop_shorter_than_a_frame_is_refused():
    with pytest.raises(ValueError, match=r"WaveNetEncoder: hop must be at least a frame of 1 ms, got 0.4"):
        make(hop=0.4)


def test_different_sounds_stay_different_through_all_layers():
    torch.manual_seed(0)
    encoder = WaveNetEncoder(dim=32, transform=AudioTransform())
    time = torch.arange(2000) / 8000
    low, high = encoder(real(torch.stack([(700 * time).sin(), (7000 * time).sin()]))).pool()
    assert torch.cosine_similarity(low, high, 0) < 0.8
