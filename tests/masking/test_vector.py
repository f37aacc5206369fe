from __future__ import annotations

import pytest
import torch

from mmexp.contract import Padded, Tokens
from mmexp.masking.vector import VectorMasking
from mmexp.transform.vector import VectorTransform

WIDTH = 4


def make(ratio: float = 0.5, length: int | None = None) -> VectorMasking:
    masking = VectorMasking(dim=8, ratio=ratio)
    masking.prepare(VectorTransform(width=WIDTH, max_length=length))
    return masking.eval()


def sequences(*lengths: int) -> Padded:
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return Padded(torch.randn(len(lengths), max(lengths), WIDTH) * mask.unsqueeze(2), mask)


def test_numbers_of_a_vector_are_masked_and_of_a_missing_one_none():
    masking, own = make(), Padded(torch.randn(2, WIDTH), torch.tensor([True, False]))
    masked = masking.choose(own, ["a", "b"])
    assert masked.sum(1).tolist() == [2, 0]
    shown = masking.cover(own, masked).values
    assert not shown[masked].any() and torch.equal(shown[~masked], own.values[~masked])


def test_numbers_of_a_sequence_are_masked_for_some_steps_in_a_row_and_never_its_padding():
    masking, own = make(length=12), sequences(12, 7)
    masked = masking.choose(own, ["a", "b"])
    assert masked.shape == own.values.shape and not masked[1, 7:].any()
    segments = masked[0].view(4, 3, WIDTH)
    assert (segments == segments[:, :1]).all() and segments[:, 0].sum() == 8
    alone = Padded(own.values[1:, :7], own.mask[1:, :7])
    assert torch.equal(masking.choose(alone, ["b"])[0], masked[1, :7])


def test_what_is_usual_is_learned_in_training_and_scales_the_error():
    masking, own = make(), Padded(5 + 100 * torch.randn(400, WIDTH), torch.ones(400, dtype=torch.bool))
    masking.choose(own, ["a"] * 400)
    assert masking.usual.count == 0
    masked = masking.train().choose(own, ["a"] * 400)
    torch.testing.assert_close(masking.usual.mean, own.values.mean(0))
    assert (masking.cover(own, masked).values[masked] == masking.usual.mean.expand_as(masked)[masked]).all()
    error = masking.errors(torch.zeros(int(masked.sum())), own, masked).mean()
    assert error == pytest.approx(1, abs=0.15)
    exact = ((own.values - own.values.mean(0)) / own.values.std(0))[masked]
    assert masking.errors(exact, own, masked).max() < 1e-6


def test_a_step_is_predicted_from_its_own_token():
    masking, own = make(length=6), sequences(6, 3)
    masked = masking.choose(own, ["a", "b"])
    tokens = Tokens(torch.randn(2, 6, 8), own.mask)
    expected = masking.head(tokens.features)[masked]
    torch.testing.assert_close(masking.predict(tokens, own, masked), expected)
    single = Padded(torch.randn(3, WIDTH), torch.ones(3, dtype=torch.bool))
    where, one = make().choose(single, ["a", "b", "c"]), Tokens(torch.randn(3, 1, 8), torch.ones(3, 1).bool())
    torch.testing.assert_close(masking.predict(one, single, where), masking.head(one.features)[:, 0][where])


def test_a_span_without_a_step_is_refused():
    with pytest.raises(ValueError, match="VectorMasking: span must be positive, got 0"):
        VectorMasking(dim=8, span=0)
