from __future__ import annotations

import pytest
import torch
from torchmetrics.text import Perplexity as Reference

from mmexp.metric.perplexity import Perplexity


def test_it_agrees_with_torchmetrics_on_padded_texts():
    logits, words = torch.randn(6, 5, 11), torch.randint(11, (6, 5))
    lengths = torch.tensor([5, 1, 3, 0, 2, 5])
    mask = torch.arange(5) < lengths[:, None]
    padded = words.masked_fill(~mask, -100)
    reference = Reference(ignore_index=-100)
    reference.update(logits, padded)
    own = Perplexity()
    for part in (slice(0, 2), slice(2, 6)):
        own.update(logits[part][mask[part]], words[part][mask[part]])
    torch.testing.assert_close(own.compute(), reference.compute())


def test_a_fair_guess_among_all_words_is_worth_their_number():
    metric = Perplexity()
    metric.update(torch.zeros(3, 7), torch.tensor([0, 6, 2]))
    assert metric.compute() == pytest.approx(7)


def test_what_is_hardly_possible_stays_finite():
    metric = Perplexity()
    metric.update(torch.tensor([[0.0, -60.0]], dtype=torch.bfloat16), torch.tensor([1]))
    assert metric.compute().log() == pytest.approx(60)


def test_it_is_undefined_before_any_word():
    metric = Perplexity()
    metric.update(torch.empty(0, 7), torch.empty(0, dtype=torch.long))
    assert metric.compute().isnan()
