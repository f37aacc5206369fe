from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from mmexp.metric.fidelity import Fidelity, frechet, kernel_distance

WIDTH = 5


def sets(one: int = 40, other: int = 30) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    mix = torch.randn(WIDTH, WIDTH)
    return torch.randn(one, WIDTH), torch.randn(other, WIDTH) @ mix + 0.5


def measured(real: torch.Tensor, generated: torch.Tensor) -> dict[str, float]:
    metric = Fidelity()
    for pair in zip(real.split(7), generated.split(7), strict=True):
        metric.update(*pair)
    return {name: value.item() for name, value in metric.compute().items()}


@pytest.mark.parametrize("sizes", [(40, 30), (4, 3)])
def test_the_frechet_distance_is_that_of_the_matrix_root(sizes):
    one, other = (rows.double().numpy() for rows in sets(*sizes))
    first, second = np.cov(one.T), np.cov(other.T)
    root = sqrtm(first @ second + 1e-12 * np.eye(WIDTH)).real
    expected = ((one.mean(0) - other.mean(0)) ** 2).sum() + np.trace(first + second - 2 * root)
    assert frechet(*map(torch.from_numpy, (one, other))).item() == pytest.approx(expected, rel=1e-3)


def test_the_kernel_distance_is_that_of_plain_loops():
    one, other = (rows.double() for rows in sets(6, 4))

    def kernel(x: torch.Tensor, y: torch.Tensor) -> float:
        return float((x @ y / WIDTH + 1) ** 3)

    within = [
        np.mean([kernel(x, y) for i, x in enumerate(rows) for j, y in enumerate(rows) if i != j])
        for rows in (one, other)
    ]
    across = np.mean([kernel(x, y) for x in one for y in other])
    assert kernel_distance(one, other).item() == pytest.approx(sum(within) - 2 * across)


def test_equal_sets_have_no_frechet_distance_and_the_order_does_not_matter():
    one, other = sets(30, 30)
    assert measured(one, one.flip(0))["fid"] == pytest.approx(0, abs=1e-4)
    assert measured(one, other) == pytest.approx(measured(one.flip(0), other), rel=1e-4)


def test_the_kernel_distance_of_two_draws_of_one_kind_is_nothing_on_average():
    torch.manual_seed(0)
    found = [kernel_distance(*torch.randn(2, 20, WIDTH).double()).item() for _ in range(200)]
    assert abs(np.mean(found)) < 4 * np.std(found) / 200**0.5 and min(found) < 0 < max(found)


@pytest.mark.parametrize("rows", [0, 1])
def test_fewer_than_two_pictures_have_no_distance(rows):
    metric = Fidelity()
    metric.update(torch.zeros(rows, WIDTH), torch.zeros(rows, WIDTH))
    assert all(value.isnan() for value in metric.compute().values())
