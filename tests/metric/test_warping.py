from __future__ import annotations

import numpy as np
import torch

from mmexp.metric.warping import warped


def plain(distances: np.ndarray) -> float:
    """The recursion as it stands in the paper, cell by cell."""
    first, second = distances.shape
    best = np.full((first + 1, second + 1), np.inf)
    best[0, 0] = 0
    for i in range(first):
        for j in range(second):
            here = distances[i, j]
            best[i + 1, j + 1] = min(best[i, j + 1] + here, best[i, j] + 2 * here, best[i + 1, j] + here)
    return float(best[first, second] / (first + second))


def test_it_agrees_with_the_recursion_cell_by_cell_whatever_the_padding():
    generator = np.random.default_rng(0)
    lengths, others = [5, 1, 7, 4, 1], [5, 6, 3, 1, 1]
    distances = generator.random((5, 7, 6))
    found = warped(torch.tensor(distances), torch.tensor(lengths), torch.tensor(others))
    expected = [plain(d[:i, :j]) for d, i, j in zip(distances, lengths, others, strict=True)]
    np.testing.assert_allclose(found.numpy(), expected)


def test_a_sequence_is_no_distance_from_itself_played_slowly_and_a_constant_away_from_itself_raised():
    sequence = torch.tensor([0.0, 3.0, 1.0, 2.0])
    slow = sequence.repeat_interleave(3)
    for other, expected in ((slow, 0.0), (sequence + 10, 10.0)):
        distances = (sequence[:, None] - other).abs()[None]
        found = warped(distances, torch.tensor([4]), torch.tensor([len(other)]))
        assert found.item() <= expected and (expected == 0 or found.item() > 7)


def test_where_there_is_no_frame_there_is_no_distance():
    found = warped(torch.zeros(2, 3, 3), torch.tensor([0, 3]), torch.tensor([3, 0]))
    assert found.isnan().all()
