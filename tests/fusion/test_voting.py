from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.fusion.decision import Votes
from mmexp.fusion.voting import VotingFusion
from mmexp.pool.mean import MeanPool


class FirstFusion(VotingFusion):
    """Believe the first modality."""

    def vote(self, logits: Tensor, present: Tensor, multilabel: bool) -> Votes:
        return Votes(logits[:, 0], logits, present)


@pytest.fixture
def fusion() -> FirstFusion:
    fusion = FirstFusion(dim=8, modalities=list("ab"), pool=MeanPool(), mlp_ratio=1.5)
    for bias in (fusion.up_bias, fusion.down_bias):
        nn.init.normal_(bias)
    return fusion


def test_the_head_scores_what_the_network_of_each_modality_gives(fusion, make_tokens):
    head, given = nn.Linear(8, 3), {"a": make_tokens(2, 1), "b": make_tokens(3, 0)}
    decision = fusion.decide(given, lambda tokens: head(tokens.pool()))
    for m, name in enumerate("ab"):
        hidden = F.gelu(F.linear(given[name].pool(), fusion.up[m].T, fusion.up_bias[m]))
        expected = head(F.linear(hidden, fusion.down[m].T, fusion.down_bias[m]))
        torch.testing.assert_close(decision.each[:, m], expected)
    assert decision.present.tolist() == [[True, True], [True, False]]
    assert torch.equal(decision.logits, decision.each[:, 0])


def test_one_modality_changes_no_decision_of_another(fusion, make_tokens):
    head, given = nn.Linear(8, 3), {"a": make_tokens(2), "b": make_tokens(3)}
    other = {**given, "b": Tokens(-given["b"].features, given["b"].mask)}
    one, two = (fusion.decide(tokens, lambda own: head(own.pool())).each for tokens in (given, other))
    assert torch.equal(one[:, 0], two[:, 0]) and not torch.equal(one[:, 1], two[:, 1])


def test_without_classes_the_networks_are_averaged_over_those_present(fusion):
    vectors, present = torch.randn(2, 2, 8), torch.tensor([[True, True], [False, True]])
    own = fusion.outputs(vectors)
    torch.testing.assert_close(fusion.combine(vectors, present), torch.stack([own[0].mean(0), own[1, 1]]))
