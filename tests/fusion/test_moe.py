from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.fusion.moe import RATE, MoeFusion
from mmexp.pool.mean import MeanPool


def make(num_experts: int = 4, top_k: int = 2, balance: float = 0.01) -> MoeFusion:
    fusion = MoeFusion(
        dim=8, modalities=list("abc"), pool=MeanPool(), num_experts=num_experts, top_k=top_k, balance=balance
    )
    for bias in (fusion.up_bias, fusion.down_bias):
        torch.nn.init.normal_(bias)
    return fusion


def balance_of(fusion: MoeFusion, vectors: Tensor) -> tuple[float, list[float]]:
    """E * sum_e f_e P_e over rows of vectors [R, M, D], row by row; and f."""
    experts = fusion.router.shape[1]
    falls, trusts = [0.0] * experts, [0.0] * experts
    for row in vectors.flatten(1):
        trust = (row @ fusion.router).softmax(0).tolist()
        for expert in sorted(range(experts), key=lambda e: -trust[e])[: fusion.top_k]:
            falls[expert] += 1 / fusion.top_k / len(vectors)
        trusts = [total + one / len(vectors) for total, one in zip(trusts, trust, strict=True)]
    return experts * sum(f * p for f, p in zip(falls, trusts, strict=True)), falls


@pytest.mark.parametrize(("num_experts", "top_k"), [(1, 1), (4, 1), (4, 2), (3, 3)])
def test_the_experts_most_trusted_answer_by_their_trust(num_experts, top_k):
    fusion = make(num_experts, top_k).eval()
    vectors = torch.randn(6, 3, 8)
    for row, out in enumerate(fusion.combine(vectors, torch.ones(6, 3, dtype=torch.bool))):
        beside = vectors[row].flatten()
        trust, expected = (beside @ fusion.router).softmax(0), torch.zeros(8)
        for e in trust.argsort(descending=True)[:top_k].tolist():
            hidden = F.gelu(beside @ fusion.up[e] + fusion.up_bias[e])
            expected = expected + trust[e] * (hidden @ fusion.down[e] + fusion.down_bias[e])
        torch.testing.assert_close(out, expected)


def test_an_expert_that_is_not_chosen_learns_nothing():
    fusion = make(4, 1)
    vectors = torch.randn(1, 3, 8)
    fusion.combine(vectors, torch.ones(1, 3, dtype=torch.bool)).square().sum().backward()
    chosen = (vectors.flatten() @ fusion.router).argmax()
    assert [bool(grad.any()) for grad in fusion.up.grad] == [e == chosen for e in range(4)]
    assert fusion.router.grad.any()


@pytest.mark.parametrize("top_k", [1, 2])
def test_the_penalty_is_that_of_all_forward_passes_since_it_was_last_read(top_k):
    fusion, vectors = make(top_k=top_k, balance=0.5), torch.randn(7, 3, 8)
    everyone = torch.ones(7, 3, dtype=torch.bool)
    expected, falls = balance_of(fusion, vectors)
    for part in (slice(0, 2), slice(2, 7)):
        fusion.combine(vectors[part], everyone[part])
    penalty = fusion.penalties()["balance"]
    assert penalty.item() == pytest.approx(0.5 * expected, rel=1e-4)
    penalty.backward()
    assert fusion.router.grad.any()
    assert list(fusion.weights()) == ["expert0", "expert1", "expert2", "expert3"]
    assert list(fusion.weights().values()) == pytest.approx([0.25 + RATE * (f - 0.25) for f in falls], rel=1e-4)
    assert fusion.penalties() == {}


def test_an_even_load_costs_least():
    fusion = make(num_experts=3, top_k=1, balance=1.0)
    fusion.tally = torch.tensor([[2.0, 2.0, 2.0], [2.0, 2.0, 2.0]])
    even = fusion.penalties()["balance"].item()
    fusion.tally = torch.tensor([[5.0, 1.0, 0.0], [4.0, 1.5, 0.5]])
    assert even == pytest.approx(1) and fusion.penalties()["balance"] > even


def test_evaluation_leaves_no_trace(make_tokens):
    fusion = make().eval()
    fusion({"a": make_tokens(3, 1)})
    assert fusion.penalties() == {} and set(fusion.weights().values()) == {0.25}


def test_rows_and_places_that_are_not_real_do_not_count(make_tokens):
    fusion, text, image = make(), make_tokens(4, 1, 0), make_tokens(2, 0, 0)
    fusion({"a": text, "b": image})
    assert fusion.tally.sum(1).tolist() == pytest.approx([2 * 2, 2])
    fusion.penalties()
    fusion.onto(text, {"b": make_tokens(2, 2, 2)})
    assert fusion.tally.sum(1).tolist() == pytest.approx([5 * 2, 5])


def test_a_step_without_a_real_row_costs_nothing_and_moves_no_load(make_tokens):
    fusion = make()
    fusion({"a": make_tokens(0, 0)})
    penalty = fusion.penalties()["balance"]
    penalty.backward()
    assert penalty == 0 and fusion.router.grad.isfinite().all() and set(fusion.weights().values()) == {0.25}


@pytest.mark.parametrize("top_k", [0, 5])
def test_more_choices_than_experts_are_refused(top_k):
    with pytest.raises(ValueError, match=f"MoeFusion: top_k must be from 1 to num_experts 4, got {top_k}"):
        make(4, top_k)
