from __future__ import annotations

import numpy as np
import pytest
import torch

from mmexp.contract import Padded
from mmexp.encoder.backbone import Features
from mmexp.encoder.image.cnn import CnnEncoder
from mmexp.encoder.image.vit import VitEncoder
from mmexp.encoder.video.frames import FramesEncoder
from mmexp.transform.image import ImageTransform

FILM = np.random.default_rng(0).integers(0, 255, (5, 16, 16, 3), np.uint8)


def make(kind=CnnEncoder, depth: int = 1, **settings) -> FramesEncoder:
    sizes = {"widths": (4, 8)} if kind is CnnEncoder else {"depth": 1, "num_heads": 2}
    image = kind(dim=8, transform=ImageTransform(image_size=16), **sizes)
    return FramesEncoder(dim=8, image=image, num_frames=5, depth=depth, num_heads=2, **settings).eval()


def batch(encoder: FramesEncoder, *films: np.ndarray | None) -> Padded:
    transform = encoder.transform
    return transform.collate([None if film is None else transform.prepare(film) for film in films])


@pytest.mark.parametrize("kind", [CnnEncoder, VitEncoder])
def test_there_is_a_token_for_each_frame(kind):
    encoder = make(kind)
    tokens = encoder(batch(encoder, FILM, None, FILM[:2]))
    assert tokens.features.shape == (3, 5, 8) and tokens.mask.sum(1).tolist() == [5, 0, 2]


def test_without_attention_a_token_is_the_frame_what_has_changed_in_it_and_its_time():
    encoder = make(depth=0)
    films = batch(encoder, FILM)
    places = encoder.thin(encoder.image(Padded(films.values[0], films.mask[0])).features).flatten(1)
    expected = [
        encoder.shown(own) + encoder.moved(own - places[max(0, t - 1)]) + encoder.time[t]
        for t, own in enumerate(places)
    ]
    torch.testing.assert_close(encoder(films).features[0], encoder.norm(torch.stack(expected)))


def test_features_that_were_kept_of_the_frames_give_the_same_tokens():
    encoder = make()
    films = batch(encoder, FILM, FILM[:2])
    kept = encoder.extract(films)
    torch.testing.assert_close(encoder(Features(kept.features, kept.mask)).features, encoder(films).features)
    assert kept.mask.sum(1).tolist() == [5 * 16, 2 * 16], "16 cells in each frame."


def test_a_batch_without_any_video_is_encoded_from_features():
    encoder = make()
    tokens = encoder(Features(torch.zeros(2, 1, 8), torch.zeros(2, 1, dtype=torch.bool)))
    assert not tokens.present.any() and tokens.features.isfinite().all()


def test_the_order_of_frames_is_told():
    encoder = make()
    forth, back = (encoder(batch(encoder, film)).features.mean(1) for film in (FILM, FILM[::-1]))
    assert not torch.allclose(forth, back, atol=1e-5)


def test_frames_that_pad_a_film_change_nothing():
    encoder = make()
    long, short = encoder(batch(encoder, FILM, FILM[:2])), encoder(batch(encoder, FILM[:2]))
    torch.testing.assert_close(long.features[1, :2], short.features[0])
