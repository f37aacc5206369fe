from __future__ import annotations

import torch
from torch import nn

from mmexp.deploy.format.torch import load, save


class Sum(nn.Module):
    def forward(self, one, other):
        return {"sum": one + other, "first": one * 1}


def test_a_program_is_written_and_run_by_the_names_of_its_outputs(tmp_path):
    program = torch.export.export(Sum(), (torch.ones(2), torch.ones(2)))
    save(program, tmp_path / "model.pt2", ["a", "b"], ["sum", "first"])
    assert b"test_torch.py" not in (tmp_path / "model.pt2").read_bytes()
    got = load(tmp_path / "model.pt2", ["a", "b"], ["sum", "first"])(torch.ones(2), torch.zeros(2))
    assert {name: value.tolist() for name, value in got.items()} == {"sum": [1, 1], "first": [1, 1]}
