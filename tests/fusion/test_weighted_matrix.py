from __future__ import annotations

import math

import pytest
import torch

from mmexp.fusion.weighted_matrix import WeightedMatrixFusion
from mmexp.pool.mean import MeanPool


def make(full: bool) -> WeightedMatrixFusion:
    fusion = WeightedMatrixFusion(dim=4, modalities=list("abc"), pool=MeanPool(), full=full)
    torch.nn.init.normal_(fusion.bias)
    return fusion


@pytest.mark.parametrize("full", [False, True])
def test_it_agrees_with_the_equation(full):
    fusion = make(full)
    present = torch.tensor([[True, True, True], [True, False, True], [False, True, False], [False] * 3])
    vectors = torch.randn(4, 3, 4) * present[..., None]
    for row, out in enumerate(fusion.combine(vectors, present)):
        there, expected = present[row].nonzero().flatten().tolist(), torch.zeros(4)
        for k in there:
            scores = {j: (fusion.value[k] @ (vectors[row, j] @ fusion.query[j]) + fusion.bias[j]).item() for j in there}
            total = sum(math.exp(score) for score in scores.values())
            for j in there if full else [k]:
                expected = expected + math.exp(scores[j]) / total * vectors[row, j]
        torch.testing.assert_close(out, expected)


def test_rows_of_the_matrix_sum_to_one_over_those_that_are_present():
    present = torch.tensor([[True, True, True], [True, False, True], [False] * 3])
    matrix = make(full=False).matrix(torch.randn(3, 3, 4) * present[..., None], present)
    torch.testing.assert_close(matrix.sum(-1), present.float())
    torch.testing.assert_close(matrix, matrix * present.unsqueeze(1))


@pytest.mark.parametrize("full", [False, True])
def test_one_modality_alone_passes_unchanged(full, make_tokens):
    own = make_tokens(3, 1, dim=4)
    torch.testing.assert_close(make(full)({"b": own}).features[:, 0], own.pool())
