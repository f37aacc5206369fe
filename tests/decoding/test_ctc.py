from __future__ import annotations

import math
from collections import defaultdict
from itertools import groupby, product

import pytest
import torch

from mmexp.contract import Padded
from mmexp.decoding.ctc import BLANK, needed, peaks, prefix_beam


def likely(seed: int, frames: int = 5, labels: int = 4) -> torch.Tensor:
    return (2 * torch.randn(frames, labels, generator=torch.Generator().manual_seed(seed))).log_softmax(-1).double()


def listed(scores: torch.Tensor) -> dict[tuple[int, ...], float]:
    """Probability of each row of labels, from every path there is."""
    total: dict[tuple[int, ...], float] = defaultdict(float)
    for path in product(range(scores.shape[1]), repeat=len(scores)):
        labels = tuple(label for label, _ in groupby(path) if label != BLANK)
        total[labels] += math.exp(sum(scores[i, label].item() for i, label in enumerate(path)))
    return total


@pytest.mark.parametrize("seed", range(6))
def test_a_search_that_drops_nothing_finds_the_best_of_all_rows(seed):
    scores = likely(seed)
    every = listed(scores)
    labels, found = prefix_beam(scores, beams=2000)
    best = max(every, key=every.__getitem__)
    assert labels == best and found == pytest.approx(math.log(every[best]))


@pytest.mark.parametrize("seed", range(6))
def test_a_narrow_search_promises_no_more_than_is_true(seed):
    scores = likely(seed)
    labels, found = prefix_beam(scores, beams=3)
    assert found <= math.log(listed(scores)[labels]) + 1e-9


def test_two_weak_paths_beat_the_likeliest_one():
    scores = torch.tensor([[0.6, 0.4], [0.6, 0.4]]).log()
    assert peaks(scores) == []
    labels, found = prefix_beam(scores, beams=4)
    assert labels == (1,) and math.exp(found) == pytest.approx(0.64)


def test_peaks_lie_where_a_run_is_surest():
    path = [1, 1, 0, 1, 2, 2, 2, 0]
    scores = torch.zeros(len(path), 3)
    scores[range(len(path)), path] = torch.tensor([2.0, 3.0, 2.0, 2.0, 1.0, 4.0, 2.0, 1.0])
    assert peaks(scores.log_softmax(-1)) == [(1, 1), (1, 3), (2, 5)]


def test_silence_is_an_empty_row():
    assert prefix_beam(torch.zeros(0, 3), beams=4) == ((), 0.0) and peaks(torch.zeros(0, 3)) == []


def test_equal_neighbours_need_a_blank_between_them():
    values = torch.tensor([[1, 1, 2, 2], [1, 2, 1, 9], [3, 3, 3, 3]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0], [0, 0, 0, 0]]).bool()
    assert needed(Padded(values, mask)).tolist() == [6, 3, 0]
