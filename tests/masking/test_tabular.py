from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Padded, Tokens
from mmexp.masking.tabular import TabularMasking
from mmexp.transform.tabular import TabularTransform

COLUMNS = [
    {"name": "age", "mean": 40.0, "std": 10.0},
    {"name": "colour", "values": ["blue", "green", "red"]},
    {"name": "size", "mean": 0.0, "std": 2.0},
    {"name": "shape", "values": ["cube", "ring"]},
]
ROWS = [
    {"age": 50, "colour": "red", "size": 1, "shape": "ring"},
    {"age": 20, "colour": "violet"},  # one that training never had
    None,
]


@pytest.fixture
def masking() -> TabularMasking:
    made = TabularMasking(dim=8, ratio=0.9)
    made.prepare(TabularTransform(columns=COLUMNS))
    return made.eval()


@pytest.fixture
def rows() -> Padded:
    transform = TabularTransform(columns=COLUMNS)
    return transform.collate([None if row is None else transform.prepare(row) for row in ROWS])


def test_neither_a_missing_cell_nor_an_unknown_category_is_a_target(masking, rows):
    masked = masking.choose(rows, ["a", "b", "c"])
    assert masked.tolist() == [[True] * 4, [True, False, False, False], [False] * 4]
    shown = masking.cover(rows, masked)
    assert not shown.values[masked].any() and torch.equal(shown.mask, rows.mask)


def test_numbers_have_squared_errors_and_categories_cross_entropy(masking, rows):
    masked = masking.choose(rows, ["a", "b", "c"])
    predicted = masking.predict(Tokens(torch.randn(3, 4, 8), torch.ones(3, 4).bool()), rows, masked)
    assert predicted.shape == (5, 1 + 3 + 1 + 2)
    expected = [
        (predicted[0, 0] - 1) ** 2,
        F.cross_entropy(predicted[1, 1:4], torch.tensor(2)),
        (predicted[2, 4] - 0.5) ** 2,
        F.cross_entropy(predicted[3, 5:], torch.tensor(1)),
        (predicted[4, 0] + 2) ** 2,
    ]
    torch.testing.assert_close(masking.errors(predicted, rows, masked), torch.stack(expected))


def test_a_row_shows_each_masked_column_in_its_own_units(masking, rows):
    masked = masking.choose(rows, ["a", "b", "c"])
    predicted = torch.zeros(5, 7)
    predicted[1, 3] = predicted[3, 5] = 9  # red, and a cube in place of a ring
    found = masking.shown(predicted, rows, masked)
    assert found[0] == {"age": [50, 40], "colour": ["red", "red"], "size": [1, 0], "shape": ["ring", "cube"]}
    assert found[1:] == [{"age": [20, 40]}, {}]
    assert masking.classifies and masking.hits(predicted, rows, masked).tolist() == [True, False]


def test_numbers_alone_are_not_classified():
    made = TabularMasking(dim=8)
    made.prepare(TabularTransform(columns=[COLUMNS[0]]))
    assert not made.classifies


def test_tokens_that_are_not_one_per_column_are_refused(masking, rows):
    masked = masking.choose(rows, ["a", "b", "c"])
    with pytest.raises(ValueError, match="tokens must be one for each column, got 1 for 4 columns"):
        masking.predict(Tokens(torch.randn(3, 1, 8), torch.ones(3, 1).bool()), rows, masked)
