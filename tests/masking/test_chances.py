from __future__ import annotations

import torch

from mmexp.masking.chances import chances_of, lowest


def test_chances_depend_on_the_name_alone_and_begin_the_same_way():
    torch.testing.assert_close(chances_of(["a"], 5), chances_of(["b", "a"], 9)[1:, :5])
    assert not torch.equal(chances_of(["a"], 5), chances_of(["b"], 5))


def test_the_lowest_of_the_real_cells_are_marked():
    chances, every = torch.tensor([[0.3, 0.1, 0.9, 0.2]]), torch.ones(1, 4, dtype=torch.bool)
    assert lowest(chances, every, 0.5).tolist() == [[False, True, False, True]]
    real = torch.tensor([[True, False, True, True]])
    assert lowest(chances, real, 0.67).tolist() == [[True, False, False, True]]


def test_one_cell_at_least_is_marked_where_there_is_any():
    real = torch.tensor([[False, True, True], [False, False, False]])
    assert lowest(torch.rand(2, 3), real, 0.01).sum(1).tolist() == [1, 0]
