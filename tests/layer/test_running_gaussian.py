from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import mahalanobis
from torch import Tensor

from mmexp.layer import running_gaussian
from mmexp.layer.running_gaussian import PACE, RunningGaussian


def drawn(rows: int, seed: int = 0) -> Tensor:
    """Vectors of three numbers that go along with one another."""
    generator = torch.Generator().manual_seed(seed)
    mix = torch.tensor([[2.0, 0, 0], [1, 0.5, 0], [0, 1, 0.1]])
    return torch.randn(rows, 3, generator=generator) @ mix.T + torch.tensor([1.0, -2, 5])


@pytest.mark.parametrize("batches", [3, 60])
def test_first_batches_count_alike_and_of_later_ones_the_newest_count_most(batches):
    seen, one = [drawn(8, seed) for seed in range(batches)], RunningGaussian(3)
    weights: list[float] = []
    for number, batch in enumerate(seen, 1):
        one.update(batch)
        share = max(1 / number, PACE)
        weights = [*(weight * (1 - share) for weight in weights), share]
    assert sum(weights) == pytest.approx(1) and (batches > 3 or weights == pytest.approx([1 / 3] * 3))
    means, spreads = zip(*((batch.numpy().mean(0), np.cov(batch.numpy().T)) for batch in seen), strict=True)
    np.testing.assert_allclose(one.mean, np.average(means, axis=0, weights=weights), rtol=1e-4)
    np.testing.assert_allclose(one.covariance, np.average(spreads, axis=0, weights=weights), rtol=1e-3, atol=1e-4)


def test_what_moves_is_not_taken_to_be_wide():
    one = RunningGaussian(3)
    for step in range(100):
        one.update(drawn(64, step) + step)
    torch.testing.assert_close(one.covariance, torch.cov(drawn(10000).T), atol=0.3, rtol=0.1)


def test_a_distance_is_that_of_mahalanobis():
    rows, one = drawn(200), RunningGaussian(3, shrinkage=0.0)
    one.update(rows)
    inverse = np.linalg.inv(one.covariance.double().numpy() + 1e-6 * np.eye(3))
    expected = [mahalanobis(row, one.mean.double().numpy(), inverse) for row in rows[:20].double().numpy()]
    np.testing.assert_allclose(one.distance(rows[:20]), expected, rtol=1e-3)


def test_numbers_are_told_in_their_standard_deviations():
    rows, one = drawn(200), RunningGaussian(3)
    one.update(rows)
    standard = one.standardise(rows)
    torch.testing.assert_close(standard.mean(0), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(standard.std(0), torch.ones(3), atol=1e-3, rtol=0)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_vectors_leave_all_finite(rows):
    one = RunningGaussian(3)
    one.update(drawn(rows))
    assert one.distance(drawn(5)).isfinite().all() and one.standardise(drawn(5)).isfinite().all()
    assert int(one.count) == (rows > 1) and (rows > 1 or torch.equal(one.covariance, torch.eye(3)))


def test_a_state_dict_carries_what_is_known():
    one, other = RunningGaussian(3), RunningGaussian(3)
    one.update(drawn(50))
    other.load_state_dict(one.state_dict())
    assert torch.equal(other.distance(drawn(4)), one.distance(drawn(4))) and int(other.count) == 1


def test_several_processes_follow_the_vectors_of_all(monkeypatch: pytest.MonkeyPatch):
    whole, own = RunningGaussian(3), RunningGaussian(3)
    whole.update(drawn(6))
    monkeypatch.setattr(running_gaussian.dist, "is_initialized", lambda: True)
    monkeypatch.setattr(running_gaussian, "gather", lambda rows: (torch.cat([drawn(6)[:5], rows]), 5))
    own.update(drawn(6)[5:])
    torch.testing.assert_close(own.state_dict(), whole.state_dict())


class Distance(torch.nn.Module):
    def __init__(self, usual: RunningGaussian) -> None:
        super().__init__()
        self.usual = usual

    def forward(self, vectors: Tensor) -> Tensor:
        return self.usual.distance(vectors)


def test_a_graph_computes_the_distance_by_an_inverse_that_follows_what_was_learned():
    usual = RunningGaussian(3)
    for seed in range(3):
        usual.train().update(drawn(8, seed))
        graph = torch.export.export(Distance(usual).eval(), (drawn(4),))
    torch.testing.assert_close(graph.module()(drawn(4, 9)), usual.distance(drawn(4, 9)))
    assert "inverse" not in usual.state_dict()
