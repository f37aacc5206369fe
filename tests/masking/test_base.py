from __future__ import annotations

import pytest
import torch

from mmexp.contract import Padded, Tokens
from mmexp.masking.base import Masking


class Doubled(Masking):
    """Mask numbers of a row, and predict each as twice the first token's first feature."""

    def prepare(self, transform: object) -> None: ...

    def cells(self, inputs: Padded) -> torch.Tensor:
        return inputs.mask

    def cover(self, inputs: Padded, masked: torch.Tensor) -> Padded:
        return Padded(inputs.values.masked_fill(masked, 0), inputs.mask)

    def predict(self, tokens: Tokens, inputs: Padded, masked: torch.Tensor) -> torch.Tensor:
        return 2 * tokens.features[:, :1, 0].expand_as(masked)[masked]

    def errors(self, predicted: torch.Tensor, inputs: Padded, masked: torch.Tensor) -> torch.Tensor:
        return (predicted - inputs.values[masked]).abs()


def test_what_is_masked_is_random_in_training_and_fixed_by_the_name_else():
    inputs = Padded(torch.zeros(1, 40), torch.ones(1, 40, dtype=torch.bool))
    masking = Doubled(dim=1, ratio=0.5)
    drawn, fixed = ([masking.train(mode).choose(inputs, ["a"]) for _ in range(2)] for mode in (True, False))
    assert not torch.equal(*drawn) and torch.equal(*fixed) and fixed[0].sum() == 20
    assert not torch.equal(masking.choose(inputs, ["b"]), fixed[0])


def test_a_row_shows_its_mean_error_and_none_where_nothing_is_masked():
    inputs = Padded(torch.tensor([[1.0, 3.0], [5.0, 5.0]]), torch.tensor([[True, True], [False, False]]))
    masked = torch.tensor([[True, True], [False, False]])
    masking = Doubled(dim=1, ratio=0.5)
    assert masking.shown(torch.zeros(2), inputs, masked) == [2.0, None]
    assert len(masking.hits(torch.zeros(2), inputs, masked)) == 0 and masking.plots("x", [], []) == {}


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_a_ratio_out_of_range_is_refused(ratio):
    with pytest.raises(ValueError, match=rf"Doubled: ratio must be in \(0, 1\), got {ratio}"):
        Doubled(dim=1, ratio=ratio)
