from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from mmexp.config.compose import compose
from mmexp.config.facts import Facts
from mmexp.config.instantiate import instantiate
from mmexp.fusion.attention import AttentionFusion
from mmexp.fusion.channel_exchange import ChannelExchangeFusion
from mmexp.fusion.concat import ConcatFusion
from mmexp.fusion.search import SearchFusion
from mmexp.pool.max import MaxPool
from mmexp.pool.mean import MeanPool

SLOTS = ("text", "image")


def make(**candidates) -> SearchFusion:
    return SearchFusion(dim=8, modalities=SLOTS, candidates=candidates).eval()


@pytest.fixture
def fusion() -> SearchFusion:
    concat, attention = ConcatFusion(dim=8, modalities=SLOTS, pool=MeanPool()), AttentionFusion(dim=8, modalities=SLOTS)
    fusion = make(concat=concat, attention=attention)
    fusion.logits.data = torch.tensor([0.0, math.log(3)])
    return fusion


def test_joint_form_is_the_weighted_sum_of_the_candidates_pooled(fusion, make_tokens):
    tokens = {"text": make_tokens(3, 1, 0), "image": make_tokens(2, 0, 0)}
    concat, attention = (candidate(tokens) for candidate in fusion.candidates.values())
    fused = fusion(tokens)
    torch.testing.assert_close(fused.features[:, 0], 0.25 * concat.pool() + 0.75 * attention.pool())
    assert fused.mask.tolist() == [[True], [True], [False]]


def test_anchored_form_is_the_weighted_sum_at_each_position(fusion, make_tokens):
    text, image = make_tokens(3, 1), {"image": make_tokens(2, 0)}
    concat, attention = (candidate.onto(text, image).features for candidate in fusion.candidates.values())
    torch.testing.assert_close(fusion.onto(text, image).features, 0.25 * concat + 0.75 * attention)


def test_a_context_is_bound_once_by_each_candidate(fusion, make_tokens, monkeypatch):
    bound = []
    for name, candidate in fusion.candidates.items():
        bind = candidate.bind
        monkeypatch.setattr(
            candidate, "bind", lambda context, name=name, bind=bind: bound.append(name) or bind(context)
        )
    fuse = fusion.bind({"image": make_tokens(2)})
    for _ in range(3):
        fuse(make_tokens(1))
    assert bound == ["concat", "attention"]


def test_weights_are_those_of_the_candidates(fusion):
    assert fusion.weights() == pytest.approx({"concat": 0.25, "attention": 0.75})


def test_the_weights_learn_which_candidate_serves(fusion, make_tokens):
    nn.init.zeros_(fusion.logits)
    tokens = {"text": make_tokens(3, 2), "image": make_tokens(2, 2)}
    target = fusion.candidates["concat"](tokens).pool().detach()
    optimizer = torch.optim.Adam([fusion.logits], lr=0.1)
    for _ in range(30):
        optimizer.zero_grad()
        (fusion(tokens).pool() - target).square().mean().backward()
        optimizer.step()
    assert fusion.weights()["concat"] > 0.8


def test_penalties_of_candidates_carry_their_names():
    exchange = ChannelExchangeFusion(dim=8, modalities=SLOTS, pool=MeanPool())
    fusion = make(exchange=exchange, concat=ConcatFusion(dim=8, modalities=SLOTS, pool=MeanPool()))
    assert fusion.penalties() == {"exchange_sparsity": exchange.penalties()["sparsity"]}


def test_the_config_composes_candidates_with_parts_of_their_own():
    root = compose(
        ["fusion=search", "dim=8", "pool@fusion.candidates.gated.pool=max", "fusion.candidates.low_rank.rank=2"]
    )
    fusion = instantiate("fusion", Facts({"modalities": list(SLOTS)}).bind(root.plain(), "fusion"))
    assert set(fusion.weights()) == {"concat", "gated", "tensor", "low_rank", "attention"}
    assert isinstance(fusion.candidates["gated"].pool, MaxPool) and len(fusion.candidates["low_rank"].mix) == 2


def test_no_candidate_is_refused():
    with pytest.raises(ValueError, match="SearchFusion: candidates must be at least one, got none"):
        make()


def test_a_candidate_that_is_no_fusion_is_refused():
    with pytest.raises(TypeError, match="SearchFusion: candidates must be fusions, got MeanPool as mean"):
        make(mean=MeanPool())
