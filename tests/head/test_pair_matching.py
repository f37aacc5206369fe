from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.fusion.sum import SumFusion
from mmexp.head.pair_matching import PairMatching
from mmexp.pool.mean import MeanPool

NAMES, DIM, ROWS = ("image", "audio", "vector"), 8, 5
SCALE = torch.tensor(3.0)


@pytest.fixture
def matcher() -> PairMatching:
    return PairMatching(pool=MeanPool(), dim=DIM).eval()


@pytest.fixture
def fusion() -> SumFusion:
    return SumFusion(dim=DIM, modalities=NAMES, pool=MeanPool())


@pytest.fixture
def tokens() -> dict[str, Tokens]:
    return {name: Tokens(torch.randn(ROWS, 2, DIM), torch.ones(ROWS, 2, dtype=torch.bool)) for name in NAMES}


def unit(**missing: int) -> dict[str, torch.Tensor]:
    found = {name: F.normalize(torch.randn(ROWS, DIM), dim=1) for name in NAMES}
    for name, row in missing.items():
        found[name][row] = 0
    return found


def test_each_modality_is_exchanged_for_the_one_that_resembles_the_others_most(matcher, fusion, tokens):
    embeddings = unit(audio=1)
    scores = matcher(tokens, fusion)[1]
    wrong = []
    for name in NAMES:
        rows = [i for i in range(ROWS) if (name, i) != ("audio", 1)]
        for i in rows:
            context = sum(embeddings[other][i] for other in NAMES if other != name)
            best = max((j for j in rows if j != i), key=lambda j: float(context @ embeddings[name][j]))
            one = {key: Tokens(own.features[[i]], own.mask[[i]]) for key, own in tokens.items()}
            one[name] = Tokens(tokens[name].features[[best]], tokens[name].mask[[best]])
            wrong.append(matcher(one, fusion)[1])
    expected = (F.softplus(-scores).mean() + F.softplus(torch.cat(wrong)).mean()) / 2
    torch.testing.assert_close(matcher.loss(scores, tokens, fusion, embeddings, SCALE), expected)


def test_a_sample_of_one_modality_is_neither_right_nor_wrong(matcher, fusion, tokens):
    embeddings = unit(audio=1, vector=1)
    scores = matcher(tokens, fusion)[1]
    expected = matcher.loss(scores, tokens, fusion, embeddings, SCALE)
    scores = scores.clone()
    scores[1] = 100
    torch.testing.assert_close(matcher.loss(scores, tokens, fusion, embeddings, SCALE), expected)
    alone = {name: own * (torch.arange(ROWS) == 0).unsqueeze(1) for name, own in unit().items()}
    assert matcher.loss(scores, tokens, fusion, alone, SCALE) == 0


def test_while_training_likelier_ones_are_drawn_more_often_and_never_the_own(matcher):
    likeness = torch.full((3000, 3000), -torch.inf)
    likeness[:, :3] = torch.tensor([5.0, 2.0, 0.0])
    likeness[:, 0] = -torch.inf
    counts = matcher.train().draw(likeness)[3:].bincount(minlength=3)
    assert counts[1] / counts[2] == pytest.approx(torch.tensor(2.0).exp().item(), rel=0.25)
    small = torch.zeros(4, 4)
    assert all((matcher.draw(small) != torch.arange(4)).all() for _ in range(20))
    assert matcher.eval().draw(torch.tensor([[9.0, 2.0, 3.0]] * 3)).tolist() == [2, 0, 0]
