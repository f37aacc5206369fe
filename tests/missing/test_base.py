"""What every option promises; a new YAML in conf/missing is taken up by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mmexp.config.compose import compose
from mmexp.config.facts import Facts
from mmexp.config.instantiate import instantiate
from mmexp.contract import Tokens
from mmexp.missing.base import Missing

NAMES = sorted(path.stem for path in (Path(__file__).resolve().parents[2] / "conf/missing").glob("*.yaml"))
SLOTS = ("text", "image")
every = pytest.mark.parametrize("name", NAMES)


def build(name: str) -> Missing:
    root = compose([f"missing={name}", "dim=8"]).plain()
    return instantiate("missing", Facts({"modalities": list(SLOTS)}).bind(root, "missing"))


@pytest.fixture
def two(make_tokens) -> dict[str, Tokens]:
    """Three samples; the second lacks image, the third both."""
    return {"image": make_tokens(3, 0, 0), "text": make_tokens(1, 2, 0)}


@every
def test_what_is_present_stays_and_names_keep_their_order(name, two):
    given = build(name)(two)
    assert list(given) == list(two)
    for own, before in ((given[key], two[key]) for key in two):
        assert torch.equal(own.features[before.present], before.features[before.present])
        assert torch.equal(own.mask[before.present], before.mask[before.present])


@every
def test_gradients_are_finite_where_all_is_missing(name, make_tokens):
    own = make_tokens(0, 0)
    features = own.features.requires_grad_()
    given = build(name)({"text": Tokens(features, own.mask)})["text"]
    given.features.square().sum().backward()
    assert features.grad.isfinite().all()
