from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmexp.deploy.format import find_format
from mmexp.deploy.part import write_part
from mmexp.error import MmexpError


class Scaled(nn.Module):
    names = ("text.values", "text.mask")

    def forward(self, *tensors):
        return {"scaled": tensors[0] * 2, "left": tensors[1]}


class Branching(Scaled):
    def forward(self, *tensors):
        return {"scaled": tensors[0] * 2 if tensors[0].sum() > 0 else tensors[0]}


EXAMPLE = torch.ones(3, 4), torch.ones(3, 4, dtype=torch.bool)


def test_a_part_is_traced_for_any_size_and_length_and_read_from_its_file(tmp_path):
    part = write_part("model", Scaled(), EXAMPLE, find_format("torch"), tmp_path)
    assert part.plain() == {"file": "model.pt2", "inputs": ["text.values", "text.mask"], "outputs": ["scaled", "left"]}
    for shape in ((1, 7), (5, 2)):
        got = part(torch.ones(shape), torch.ones(shape, dtype=torch.bool))
        assert torch.equal(got["scaled"], torch.full(shape, 2.0)) and got["left"].all()


def test_what_depends_on_values_is_refused_with_the_reason(tmp_path):
    with pytest.raises(MmexpError, match=r"model must be one that torch.export can trace, got \w+"):
        write_part("model", Branching(), EXAMPLE, find_format("torch"), tmp_path)


def test_a_fault_of_writing_is_not_taken_for_one_of_tracing(tmp_path):
    def save(*arguments):
        raise MmexpError("no room")

    form = SimpleNamespace(SUFFIX=".x", save=save)
    with pytest.raises(MmexpError, match="no room"):
        write_part("model", Scaled(), EXAMPLE, form, tmp_path)
