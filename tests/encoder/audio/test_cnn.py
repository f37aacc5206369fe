from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Padded
from mmexp.encoder.audio.cnn import CnnEncoder
from mmexp.transform.audio import AudioTransform


def make(**settings: object) -> CnnEncoder:
    settings = {"num_mels": 16, "widths": (4, 6, 8), **settings}
    return CnnEncoder(dim=8, transform=AudioTransform(sample_rate=4000), **settings)


def trained() -> CnnEncoder:
    """With batch norms that shift silence away from zero."""
    encoder = make(dropout=0.0)
    for module in encoder.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.bias)
    encoder(Padded(torch.randn(4, 3000), torch.ones(4, 3000, dtype=torch.bool)))
    return encoder.eval()


@pytest.mark.parametrize("length", [1, 37, 320, 321, 640, 1999])
def test_padding_changes_no_real_token(length):
    encoder, samples = trained(), torch.randn(1, length)
    alone = encoder(Padded(samples, torch.ones_like(samples, dtype=torch.bool)))
    longer = torch.cat([samples, torch.zeros(1, 1500)], 1)
    padded = encoder(Padded(longer, torch.arange(longer.shape[1])[None] < length))
    assert alone.mask.all() and padded.mask.sum() == alone.mask.sum() == -(-length // 320)
    torch.testing.assert_close(padded.features[padded.mask], alone.features[0], rtol=1e-3, atol=1e-3)


def test_training_does_not_depend_on_the_padding():
    lengths, samples = torch.tensor([900, 2000, 0]), torch.randn(3, 2000)
    real = torch.arange(2000) < lengths[:, None]
    found = []
    for extra in (0, 1500):
        torch.manual_seed(0)
        encoder = make(dropout=0.0)
        padded = Padded(F.pad(samples * real, (0, extra)), F.pad(real, (0, extra)))
        tokens = encoder(padded)
        tokens.features[tokens.mask].square().sum().backward()
        gradients = [weight.grad for weight in encoder.parameters()]
        found.append([tokens.features[tokens.mask], encoder.state_dict(), gradients])
    torch.testing.assert_close(*found, rtol=1e-3, atol=1e-4)


def test_a_batch_without_any_sound_leaves_the_running_statistics_alone():
    encoder = make()
    encoder(Padded(torch.zeros(2, 900), torch.zeros(2, 900, dtype=torch.bool)))
    assert not encoder.stages[0][1].running_mean.any()


def test_a_sound_is_heard_where_it_happens():
    encoder, samples = trained(), 0.1 * torch.randn(1, 6400)
    real = torch.ones_like(samples, dtype=torch.bool)
    louder = samples.clone()
    louder[:, 3200:3520] += torch.sin(torch.arange(320) * 0.9)
    moved = (encoder(Padded(louder, real)).features - encoder(Padded(samples, real)).features).norm(dim=-1)[0]
    assert moved[9:12].max() == moved.max()


def test_bands_that_cannot_be_halved_so_often_are_refused():
    with pytest.raises(ValueError, match="CnnEncoder: num_mels must be a multiple of 8 for 3 widths, got 20"):
        make(num_mels=20)
