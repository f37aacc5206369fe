from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from mmexp.metric.auroc import Auroc
from mmexp.metric.gather import gather

SCORES, TARGETS = torch.rand(4, 3, generator=torch.Generator().manual_seed(0)), torch.eye(3)[[0, 1, 2, 0]].bool()


def one_process(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    metric = Auroc()
    metric.dist_sync_fn = gather
    if rank == 0:
        metric.update(SCORES, TARGETS)
    torch.save([metric.compute(), gather(torch.arange(rank))], f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.mark.slow
def test_a_process_without_samples_does_not_change_the_metric(tmp_path: Path):
    alone = Auroc()
    alone.update(SCORES, TARGETS)
    mp.spawn(one_process, (str(tmp_path),), nprocs=2)
    for rank in (0, 1):
        value, gathered = torch.load(tmp_path / f"{rank}.pt")
        assert value == alone.compute()
        assert [part.tolist() for part in gathered] == [[], [0]]
