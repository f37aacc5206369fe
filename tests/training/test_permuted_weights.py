from __future__ import annotations

import json

import pytest
import torch

from mmexp.contract import Tokens
from mmexp.fusion.adaptive import AdaptiveFusion
from mmexp.fusion.gated import GatedFusion
from mmexp.fusion.mean import MeanFusion
from mmexp.fusion.moe import MoeFusion
from mmexp.fusion.weighted_matrix import WeightedMatrixFusion
from mmexp.pool.mean import MeanPool
from mmexp.training.permuted_weights import partners, permuted, weighs

WEIGHING = [AdaptiveFusion, GatedFusion, MoeFusion, WeightedMatrixFusion]


def make(kind, modalities=("a", "b")):
    return kind(dim=8, modalities=modalities, pool=MeanPool()).eval()


def test_a_partner_is_another_row_with_the_same_modalities():
    present = torch.tensor([[1, 1], [1, 0], [1, 1], [0, 1], [1, 1], [1, 0]]).bool()
    found = partners(present, torch.Generator().manual_seed(0))
    assert sorted(found.tolist()) == list(range(6))
    assert torch.equal(present[found], present)
    assert [row for row, other in enumerate(found.tolist()) if row == other] == [3]  # the only one of its kind


@pytest.mark.parametrize("kind", WEIGHING)
def test_within_the_block_rows_exchange_weights_and_after_it_they_do_not(kind, make_tokens):
    fusion, tokens = make(kind), {"a": make_tokens(2, 2, 2), "b": make_tokens(3, 3, 3)}
    before = fusion(tokens).features
    with permuted(fusion):
        during = fusion(tokens).features
    assert not torch.isclose(before, during).all(-1).any()
    assert torch.equal(fusion(tokens).features, before)


@pytest.mark.parametrize("kind", WEIGHING)
def test_equal_samples_lose_nothing(kind, make_tokens):
    fusion, one = make(kind), make_tokens(2)
    tokens = {name: Tokens(one.features.expand(4, -1, -1), one.mask.expand(4, -1)) for name in "ab"}
    before = fusion(tokens).features
    with permuted(fusion):
        assert torch.allclose(fusion(tokens).features, before)


def test_weights_of_a_gate_are_those_of_the_partner(make_tokens):
    fusion, tokens = make(GatedFusion), {"a": make_tokens(1, 1), "b": make_tokens(1, 1)}
    swapped = {name: Tokens(own.features.flip(0), own.mask) for name, own in tokens.items()}
    seen = []
    hook = fusion.gates.register_forward_hook(lambda part, given, weights: seen.append(weights))
    fusion(swapped)
    hook.remove()
    with permuted(fusion):
        hook = fusion.gates.register_forward_hook(lambda part, given, weights: seen.append(weights))
        fusion(tokens)
        hook.remove()
    assert torch.allclose(*seen)


@pytest.mark.parametrize("kind", WEIGHING)
def test_the_anchored_form_exchanges_over_samples_and_positions(kind, make_tokens):
    fusion, anchor, context = make(kind), make_tokens(3, 2), {"b": make_tokens(2, 2)}
    before = fusion.onto(anchor, context).features
    with permuted(fusion):
        assert not torch.allclose(fusion.onto(anchor, context).features[anchor.mask], before[anchor.mask])


def test_a_fusion_of_one_modality_passes(make_tokens):
    for kind in WEIGHING:
        fusion = make(kind, ["a"])
        with permuted(fusion):
            assert fusion({"a": make_tokens(2, 2)}).features.isfinite().all()


def test_a_fusion_without_weights_of_samples_has_no_control():
    assert not weighs(make(MeanFusion)) and all(weighs(make(kind)) for kind in WEIGHING)


def test_a_run_that_weighs_records_the_control_next_to_its_metrics(lab):
    known = json.loads(lab.train("training.epochs=1", "fusion=gated").summary.read_text())
    assert known["permuted"].keys() == {key for key in known["metrics"] if key.startswith("test/")}
    assert known["permuted"]["test/loss"] != known["metrics"]["test/loss"]
    plain = json.loads(lab.train("training.epochs=1", "fusion=mean").summary.read_text())
    assert "permuted" not in plain
