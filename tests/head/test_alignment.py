from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.head.alignment import Alignment, pairs_of
from mmexp.pool.mean import MeanPool

NAMES, DIM, ROWS = ("image", "audio", "vector"), 8, 6


def make(*pairs: tuple[str, str]) -> Alignment:
    return Alignment(modalities=NAMES, pairs=pairs or pairs_of(NAMES), pool=MeanPool(), dim=DIM)


def embedded(alignment: Alignment, **missing: list[int]) -> dict[str, torch.Tensor]:
    tokens = {name: Tokens(torch.randn(ROWS, 3, DIM), torch.ones(ROWS, 3, dtype=torch.bool)) for name in NAMES}
    present = {name: torch.tensor([i not in missing.get(name, []) for i in range(ROWS)]) for name in NAMES}
    return alignment(tokens, present)


def plain(one: torch.Tensor, other: torch.Tensor, scale: float) -> torch.Tensor:
    logits, own = scale * one @ other.T, torch.arange(len(one))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


def test_all_are_paired_or_each_with_one():
    assert pairs_of(NAMES) == [("image", "audio"), ("image", "vector"), ("audio", "vector")]
    assert pairs_of(NAMES, "audio") == [("audio", "image"), ("audio", "vector")]


def test_embeddings_are_unit_vectors_and_zero_where_a_modality_is_missing():
    found = embedded(make(), audio=[1])
    torch.testing.assert_close(found["image"].norm(dim=1), torch.ones(ROWS))
    assert not found["audio"][1].any() and found["audio"][0].any()


def test_the_loss_is_the_mean_infonce_of_the_pairs_with_missing_ones_left_out():
    alignment = make()
    with torch.no_grad():
        alignment.log_scales.copy_(torch.tensor([1.0, 2.0, 3.0]))
    found = embedded(alignment, audio=[1, 4], vector=[0])
    expected = []
    for (one, other), scale in zip(alignment.pairs, torch.tensor([1.0, 2.0, 3.0]).exp(), strict=True):
        both = found[one].any(1) & found[other].any(1)
        expected.append(plain(found[one][both], found[other][both], float(scale)))
    torch.testing.assert_close(alignment.loss(found, everywhere=False), torch.stack(expected).mean())


def test_a_pair_that_no_sample_has_does_not_count():
    alignment = make()
    found = embedded(alignment, vector=list(range(ROWS)))
    expected = plain(found["image"], found["audio"], 1 / 0.07)
    torch.testing.assert_close(alignment.loss(found, everywhere=False), expected)
    assert alignment.loss({name: torch.zeros(ROWS, DIM) for name in NAMES}, everywhere=False) == 0


def test_of_pairs_with_one_modality_the_others_do_not_count():
    alignment = make(*pairs_of(NAMES, "image"))
    found = embedded(alignment)
    expected = [plain(found["image"], found[name], 1 / 0.07) for name in ("audio", "vector")]
    torch.testing.assert_close(alignment.loss(found, everywhere=False), torch.stack(expected).mean())


def test_likeness_is_the_mean_cosine_of_the_pairs_a_sample_has():
    alignment = make()
    found = {name: own.detach() for name, own in embedded(alignment, audio=[1], vector=[1, 2]).items()}
    likeness = alignment.likeness(found)
    assert likeness[1] == 0 and likeness[2].item() == pytest.approx(float(found["image"][2] @ found["audio"][2]))
    cosines = [float(found[one][0] @ found[other][0]) for one, other in alignment.pairs]
    assert likeness[0].item() == pytest.approx(sum(cosines) / 3, abs=1e-6)
