from __future__ import annotations

import pytest
import torch

from mmexp.fusion.soft_voting import SoftVotingFusion
from mmexp.pool.mean import MeanPool

PRESENT = torch.tensor([[True, True, True], [True, False, True], [False, True, False], [False] * 3])


def make(**options: object) -> SoftVotingFusion:
    return SoftVotingFusion(dim=4, modalities=list("abc"), pool=MeanPool(), **options)


@pytest.mark.parametrize("given", [None, {"a": 2, "b": 0.5}])
def test_probabilities_are_averaged_over_those_present(given):
    logits, weights = torch.randn(4, 3, 5), torch.tensor([2, 0.5, 1] if given else [1.0] * 3)
    decision = make(fixed_weights=given).vote(logits, PRESENT, multilabel=False)
    there = PRESENT.clone()
    there[3] = True
    shares = weights.expand(4, 3) * there if given is None else weights * PRESENT
    shares[3] = 1
    expected = (logits.softmax(-1) * (shares / shares.sum(1, keepdim=True))[..., None]).sum(1)
    torch.testing.assert_close(decision.logits.softmax(-1), expected)
    torch.testing.assert_close(decision.logits.exp(), expected)
    assert decision.each is logits


def test_of_several_labels_the_probability_of_each_is_averaged():
    logits = torch.randn(2, 3, 5)
    decision = make().vote(logits, PRESENT[:2], multilabel=True)
    expected = torch.stack([logits[0].sigmoid().mean(0), logits[1, [0, 2]].sigmoid().mean(0)])
    torch.testing.assert_close(decision.logits.sigmoid(), expected)


def test_a_modality_without_weight_decides_only_where_it_is_alone():
    logits = torch.randn(2, 3, 5)
    present = torch.tensor([[True, True, False], [True, False, False]])
    decision = make(fixed_weights={"a": 0}).vote(logits, present, multilabel=False)
    torch.testing.assert_close(decision.logits.softmax(-1), torch.stack([logits[0, 1], logits[1, 0]]).softmax(-1))


def test_certain_scores_stay_finite():
    for multilabel in (False, True):
        logits = torch.tensor([[[900.0, -900.0], [-900.0, 900.0], [0.0, 0.0]]]).requires_grad_()
        decision = make().vote(logits, PRESENT[:1], multilabel)
        decision.logits.sum().backward()
        assert decision.logits.isfinite().all() and logits.grad.isfinite().all()


def test_features_are_averaged_by_the_same_weights():
    fusion = make(fixed_weights={"a": 3, "c": 0})
    vectors = torch.randn(1, 3, 4)
    own = fusion.outputs(vectors)[0]
    torch.testing.assert_close(fusion.combine(vectors, PRESENT[:1])[0], 0.75 * own[0] + 0.25 * own[1])


def test_weights_of_an_unknown_modality_are_refused():
    with pytest.raises(ValueError, match="SoftVotingFusion: fixed_weights must be of a, b, c, got 'smell'"):
        make(fixed_weights={"smell": 1})
