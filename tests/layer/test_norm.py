from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from mmexp.layer.norm import MaskedGroupNorm, group_norm


@pytest.mark.parametrize(("channels", "groups"), [(16, 8), (12, 4), (7, 1), (1, 1)])
def test_there_are_eight_groups_or_as_many_as_divide_the_channels(channels: int, groups: int) -> None:
    assert group_norm(channels).num_groups == MaskedGroupNorm(channels).num_groups == groups


def test_each_sample_is_normalised_as_if_it_had_no_padding() -> None:
    norm, x, lengths = MaskedGroupNorm(12), torch.randn(3, 12, 7, 5) * 3 + 2, [7, 3, 1]
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    for row, length in enumerate(lengths):
        x[row, :, length:] = 1e4
    mask = torch.arange(7) < torch.tensor(lengths)[:, None]
    found = norm(x, mask)
    assert not found.movedim(1, 3)[~mask].any()
    for row, length in enumerate(lengths):
        alone = F.group_norm(x[row : row + 1, :, :length], 4, norm.weight, norm.bias)
        torch.testing.assert_close(found[row : row + 1, :, :length], alone, rtol=1e-4, atol=1e-5)


def test_a_sample_without_a_frame_stays_finite_and_so_does_its_gradient() -> None:
    norm, x = MaskedGroupNorm(8), torch.randn(1, 8, 2, 3, requires_grad=True)
    norm(x, torch.zeros(1, 2, dtype=torch.bool)).sum().backward()
    assert x.grad is not None and x.grad.isfinite().all()


def test_nothing_of_ours_normalises_over_the_samples_of_a_batch() -> None:
    """What the other samples are would depend on the batch size and on the number of processes."""
    code = Path(__file__).resolve().parents[2] / "mmexp"
    assert not [path for path in code.rglob("*.py") if re.search(r"nn\.BatchNorm\dd\(", path.read_text("utf-8"))]
