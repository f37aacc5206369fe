from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.distributions import Dirichlet, kl_divergence
from torch.nn import functional as F

from mmexp.fusion.tmc import TmcFusion, combine_evidence, divergence_from_uniform, evidence_loss
from mmexp.pool.mean import MeanPool

ALL = torch.ones(2, 3, dtype=torch.bool)


def make(**options: object) -> TmcFusion:
    return TmcFusion(dim=4, modalities=list("abc"), pool=MeanPool(), **options)


def dempster(one: Tensor, other: Tensor) -> Tensor:
    """The rule for two opinions, mass by mass. Evidence [K] and [K] -> [K]"""
    number = len(one)
    (b1, u1), (b2, u2) = ((e / (e + 1).sum(), number / (e + 1).sum()) for e in (one, other))
    conflict = sum(b1[i] * b2[j] for i in range(number) for j in range(number) if i != j)
    belief = (b1 * b2 + b1 * u2 + b2 * u1) / (1 - conflict)
    uncertainty = u1 * u2 / (1 - conflict)
    assert float(belief.sum() + uncertainty) == pytest.approx(1, abs=1e-5)
    return belief * number / uncertainty


def test_evidence_is_combined_by_dempsters_rule():
    evidence = torch.rand(2, 3, 1, 4) * 5
    for row, found in zip(evidence[:, :, 0], combine_evidence(evidence)[:, 0], strict=True):
        torch.testing.assert_close(found, dempster(dempster(row[0], row[1]), row[2]), rtol=1e-4, atol=1e-4)


def test_a_missing_modality_has_no_evidence_and_changes_nothing():
    logits, fusion = torch.randn(2, 3, 4), make().eval()
    gone = torch.tensor([[True, False, True], [False, False, False]])
    found = fusion.vote(logits, gone, multilabel=False).logits
    two = TmcFusion(dim=4, modalities=list("ac"), pool=MeanPool()).eval()
    torch.testing.assert_close(found[:1], two.vote(logits[:1, [0, 2]], ALL[:1, :2], multilabel=False).logits)
    torch.testing.assert_close(found[1].softmax(-1), torch.full((4,), 0.25))


def test_probabilities_are_those_expected_under_the_dirichlet():
    logits = torch.randn(2, 1, 4)
    decision = TmcFusion(dim=4, modalities=["a"], pool=MeanPool()).vote(logits, ALL[:, :1], multilabel=False)
    torch.testing.assert_close(decision.logits.softmax(-1), Dirichlet(F.softplus(logits[:, 0]) + 1).mean)


def test_of_several_labels_each_is_an_opinion_on_two_outcomes():
    logits = torch.randn(2, 1, 3)
    decision = TmcFusion(dim=4, modalities=["a"], pool=MeanPool()).vote(logits, ALL[:, :1], multilabel=True)
    alpha = F.softplus(torch.stack([logits, -logits], -1)[:, 0]) + 1
    torch.testing.assert_close(decision.logits.sigmoid(), Dirichlet(alpha).mean[..., 0])
    targets = torch.tensor([[1.0, 0.0, 1.0]])
    found = decision.losses(None, targets, torch.tensor([False, True]))
    truth = torch.stack([targets, 1 - targets], -1)[0]
    expected = evidence_loss(alpha[1] - 1, truth, decision.annealed).mean()
    torch.testing.assert_close(found, 2 * expected[None])  # combined, and of the one modality


def test_the_divergence_is_that_from_a_uniform_dirichlet():
    alpha = torch.rand(5, 4) * 6 + 0.2
    expected = kl_divergence(Dirichlet(alpha), Dirichlet(torch.ones(4)))
    torch.testing.assert_close(divergence_from_uniform(alpha), expected, rtol=1e-4, atol=1e-5)


def test_the_loss_is_the_expected_cross_entropy_and_what_speaks_against_the_truth():
    evidence, truth = torch.tensor([4.0, 0.0, 2.0]), torch.tensor([1.0, 0.0, 0.0])
    drawn = Dirichlet(evidence + 1).sample((200_000,)).clamp(min=1e-30)
    assert float(evidence_loss(evidence, truth, torch.tensor(0.0))) == pytest.approx(
        -float(drawn[:, 0].log().mean()), abs=0.01
    )
    more = evidence_loss(evidence, truth, torch.tensor(0.5)) - evidence_loss(evidence, truth, torch.tensor(0.0))
    torch.testing.assert_close(more, 0.5 * divergence_from_uniform(torch.tensor([1.0, 1.0, 3.0])))


def test_all_opinions_learn_and_those_of_missing_modalities_do_not():
    fusion, logits = make(), torch.randn(2, 3, 4, requires_grad=True)
    present = torch.tensor([[True, True, True], [True, False, True]])
    decision = fusion.vote(logits, present, multilabel=False)
    losses = decision.losses(None, torch.eye(4)[[1, 2]], torch.tensor([True, True]))
    single = [evidence_loss(F.softplus(logits[0, m]), torch.eye(4)[1], decision.annealed) for m in range(3)]
    fused = evidence_loss(decision.fused[0, 0], torch.eye(4)[1], decision.annealed)
    torch.testing.assert_close(losses[0], fused + sum(single))
    losses.sum().backward()
    assert logits.grad[0].any(1).all() and logits.grad[1].any(1).tolist() == [True, False, True]


def test_the_divergence_comes_to_count_over_training_batches_alone():
    fusion, logits = make(annealing=4), torch.randn(2, 3, 4)
    counts = [float(fusion.vote(logits, ALL, multilabel=False).annealed) for _ in range(5)]
    assert counts == [0.25, 0.5, 0.75, 1, 1] and fusion.state_dict()["step"] == 5
    fusion.eval().vote(logits, ALL, multilabel=False)
    assert fusion.step == 5


def test_annealing_over_no_batch_is_refused():
    with pytest.raises(ValueError, match="annealing must be at least 1, got 0"):
        make(annealing=0)
