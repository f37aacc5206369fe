from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from mmexp.layer.gather import gather
from mmexp.runner.distributed import run_distributed

SIZES = (3, 0)
ROWS = torch.arange(6.0).view(3, 2)


def one_rank(report: Any, path: str) -> None:
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    own = ROWS.split(SIZES)[rank].clone().requires_grad_()
    every, first = gather(own)
    ((rank + 1) * every.square()).sum().backward()
    torch.save({"every": every.detach(), "first": first, "gradient": own.grad}, path.format(rank))
    dist.destroy_process_group()


def test_rows_of_all_processes_are_gathered_with_the_gradient_that_each_has_of_them(tmp_path: Path):
    run_distributed(one_rank, (str(tmp_path / "{}.pt"),), world=2, timeout=60)
    one, other = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    assert torch.equal(one["every"], ROWS) and torch.equal(other["every"], ROWS)
    assert (one["first"], other["first"]) == (0, 3)
    assert torch.equal(one["gradient"], 2 * ROWS + 4 * ROWS) and len(other["gradient"]) == 0
