from __future__ import annotations

import pytest
import torch

from mmexp.missing.placeholder import PlaceholderMissing, fill


@pytest.fixture
def missing() -> PlaceholderMissing:
    return PlaceholderMissing(dim=8, modalities=["text", "image"])


def test_a_missing_modality_is_its_placeholder_alone(missing, make_tokens):
    tokens = {"image": make_tokens(2, 0, 0), "text": make_tokens(0, 3, 0)}
    given = missing(tokens)
    for name, row in (("image", 1), ("image", 2), ("text", 0), ("text", 2)):
        own = given[name]
        assert own.mask[row].tolist() == [True, *[False] * (own.mask.shape[1] - 1)]
        assert torch.equal(own.features[row, 0], missing.placeholder[missing.slot(name)])


def test_each_placeholder_learns_from_the_rows_that_lack_its_modality(missing, make_tokens):
    given = missing({"text": make_tokens(1, 1), "image": make_tokens(0, 2)})
    sum(own.features[own.mask].square().sum() for own in given.values()).backward()
    assert missing.placeholder.grad.any(1).tolist() == [False, True]


def test_it_takes_the_precision_of_the_tokens(missing, make_tokens):
    own = make_tokens(0, 1)
    low = fill(type(own)(own.features.bfloat16(), own.mask), missing.placeholder[0])
    assert low.features.dtype == torch.bfloat16 and low.present.all()


def test_a_modality_without_a_placeholder_is_refused(missing, make_tokens):
    with pytest.raises(ValueError, match="modality must be one of text, image, got 'smell'"):
        missing({"smell": make_tokens(1)})
