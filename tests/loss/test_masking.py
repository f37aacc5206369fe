from __future__ import annotations

import numpy as np
import pytest
import torch

from mmexp.contract import Batch, Padded, Tokens
from mmexp.loss.masking import GREY, Masked, apart, chances_of, concatenate, cut, fill, lowest, normalised
from mmexp.transform.text import Tokenizer
from mmexp.transform.view import Images, View

SIDE, PATCH = 4, 4


def batch(*lengths: int, seed: int = 0, longest: int = 0) -> Batch:
    """Texts of so many words between begin and end, none for -1, each with a image."""
    torch.manual_seed(seed)
    longest = longest or max(lengths) + 2
    ids = torch.zeros(len(lengths), longest, dtype=torch.long)
    for row, length in zip(ids, lengths, strict=True):
        if length >= 0:
            row[: length + 2] = torch.tensor([Tokenizer.bos, *range(4, 4 + length), Tokenizer.eos])
    images = torch.randint(0, 256, (len(lengths), 3, 16, 16), dtype=torch.uint8)
    mask = torch.ones(len(lengths), dtype=torch.bool)
    views = [View.whole(16, 16)] * len(lengths)
    inputs = {"image": Images.seen(Padded(images, mask), views), "text": Padded(ids, ids > 0)}
    return Batch(inputs, {}, tuple(f"s{i}" for i in range(len(lengths))))


def choose(own: Batch, words: float = 0.4, patches: float = 0.5) -> Masked:
    chances = chances_of(own.ids, SIDE**2 + own.inputs["text"].values.shape[1])
    return Masked.choose(own, chances, words=words, patches=patches, side=SIDE)


def test_a_share_of_the_words_and_of_the_patches_is_hidden():
    own = batch(*[8] * 500)
    masked = choose(own)
    assert masked.words.sum(1).float().mean() == pytest.approx(8 * 0.4, abs=0.2)
    assert (masked.patches.sum(1) == SIDE**2 / 2).all()
    assert masked.patches.float().mean(0).sub(0.5).abs().max() < 0.1


def test_only_words_are_hidden_and_at_least_one_where_there_is_any():
    own = batch(3, 1, 0, -1)
    masked = choose(own, words=1e-6)
    assert masked.words.sum(1).tolist() == [1, 1, 0, 0]
    shown = masked.of(own).inputs["text"].values
    assert ((shown == Tokenizer.unk) == masked.words).all()
    assert torch.equal(shown[~masked.words], own.inputs["text"].values[~masked.words])
    everything = choose(own, words=0.9999)
    assert torch.equal(everything.words, own.inputs["text"].values > Tokenizer.unk)


def test_of_a_missing_picture_nothing_is_hidden():
    own = batch(2, 2)
    own.inputs["image"].mask[0] = False
    assert choose(own).patches.any(1).tolist() == [False, True]


def test_hidden_patches_are_grey_and_others_as_they_were():
    own = batch(2, 2)
    masked = choose(own)
    shown, before = (cut(own.inputs["image"].values, SIDE, PATCH) for own in (masked.of(own), own))
    assert torch.allclose(shown[masked.patches], torch.tensor(GREY / 255))
    assert torch.equal(shown[~masked.patches], before[~masked.patches])


def test_what_is_hidden_of_a_sample_depends_on_its_id_alone():
    long, short = choose(batch(5, 3, 5)), choose(batch(5, 3, longest=12))
    assert torch.equal(long.patches[:2], short.patches)
    assert torch.equal(long.words[:2, :7], short.words[:, :7]) and not short.words[:, 7:].any()
    assert not torch.equal(long.patches[0], long.patches[2])
    torch.testing.assert_close(chances_of(["a"], 5), chances_of(["b", "a"], 9)[1:, :5])


def test_the_lowest_are_marked():
    assert lowest(torch.tensor([[0.3, 0.1, 0.9, 0.2]]), 0.5).tolist() == [[False, True, False, True]]


def test_halves_come_apart_as_they_were_put_together():
    one, other = batch(3, 2), batch(3, 2, seed=1)
    both = concatenate(one, other)
    assert both.ids == (*one.ids, *other.ids) and isinstance(both.inputs["image"], Images)
    assert torch.equal(both.inputs["image"].values[2:], other.inputs["image"].values)
    assert both.inputs["image"].sizes.shape == (4, 2)
    tokens = Tokens(torch.randn(4, 3, 2), torch.ones(4, 3, dtype=torch.bool))
    here, there = apart(tokens)
    assert torch.equal(torch.cat([here.features, there.features]), tokens.features) and len(there.mask) == 2


def test_patches_are_cut_in_rows():
    image = torch.arange(3 * 16 * 16).remainder(256).byte().view(1, 3, 16, 16)
    found = cut(image, SIDE, PATCH)[0]
    for place in range(SIDE**2):
        top, left = place // SIDE * PATCH, place % SIDE * PATCH
        expected = image[0, :, top : top + PATCH, left : left + PATCH].flatten() / 255
        torch.testing.assert_close(found[place], expected)
    assert cut(image, 2, 3).shape == (1, 4, 27)


def test_patches_are_normalised_one_by_one_and_a_plain_one_stays_finite():
    patches = torch.rand(2, 5, 12)
    patches[0, 0] = 0.5
    found, mean, deviation = normalised(patches)
    rows = patches.numpy()
    expected = (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + 1e-6)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(found * deviation + mean, patches)


def test_what_is_told_exactly_gives_back_the_picture():
    own = batch(1, 1)
    image, masked = own.inputs["image"].values, choose(own).patches
    told = normalised(cut(image, SIDE, PATCH)[masked])[0]
    assert torch.equal(fill(image, masked, told, PATCH), image.movedim(1, 3))
    other = fill(image, masked, -told, PATCH) != image.movedim(1, 3)
    assert other.any() and torch.equal(cut(other.movedim(3, 1).byte(), SIDE, PATCH).any(2), masked)
