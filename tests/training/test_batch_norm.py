from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn

from mmexp.runner.distributed import run_distributed
from mmexp.training.batch_norm import BatchNormSync

SHARES = ((5, 2), (7, 0))
"""Samples of each process, by batch."""
close = partial(torch.testing.assert_close, rtol=1e-9, atol=1e-9)


class BatchNormAct(nn.BatchNorm2d):
    """With its activation, as timm has it."""

    def forward(self, features: Tensor) -> Tensor:
        return super().forward(features).relu()


def model() -> nn.Module:
    """With what inherits from PyTorch's batch norm, one without weights, and one that does not train."""
    torch.manual_seed(0)
    pooled = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.BatchNorm1d(3, affine=False, momentum=None))
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), BatchNormAct(3), nn.BatchNorm2d(3), pooled)
    net[3].eval()
    return net.double()


def images() -> Tensor:
    return torch.randn(2, 7, 2, 6, 6, generator=torch.Generator().manual_seed(1), dtype=torch.double) + 3


def learnt(net: nn.Module, batches: list[Tensor]) -> dict[str, Any]:
    """Outputs of each batch, the state after them, and the gradient of a sum over their samples."""
    outputs = [net(batch) for batch in batches]
    torch.stack([(output.sin() * output).sum() for output in outputs]).sum().backward()
    gradients = {f"gradient of {name}": value.grad for name, value in net.named_parameters()}
    return {"outputs": [output.detach() for output in outputs], **net.state_dict(), **gradients}


def one_rank(report: Any, path: str) -> None:
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    parts = [batch.split(share)[rank] for batch, share in zip(images(), SHARES, strict=True)]
    found = learnt(BatchNormSync().apply(model()), parts)
    for name in found:
        if name.startswith("gradient"):
            dist.all_reduce(found[name])
    torch.save(found, path.format(rank))
    dist.destroy_process_group()


def test_processes_with_unequal_shares_of_a_batch_learn_what_one_learns(tmp_path: Path):
    run_distributed(one_rank, (str(tmp_path / "{}.pt"),), world=2, timeout=60)
    ranks = [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    one = learnt(model(), list(images()))
    close([torch.cat(parts) for parts in zip(*(own.pop("outputs") for own in ranks), strict=True)], one.pop("outputs"))
    for own in ranks:
        close(own, one)


@pytest.fixture
def alone(tmp_path: Path) -> Any:
    dist.init_process_group("gloo", init_method=f"file://{tmp_path / 'meet'}", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def test_a_model_is_as_before_once_it_is_reverted(alone: None):
    net, plain, sync = model(), model(), BatchNormSync()
    assert list(sync.apply(net).state_dict()) == list(plain.state_dict())
    close(net(images()[0]), plain(images()[0]))
    sync.revert(net)
    assert not any("forward" in vars(module) for module in net.modules())


def test_numbers_of_half_precision_are_added_up_in_single(alone: None):
    net, plain = (nn.BatchNorm2d(2) for _ in range(2))
    BatchNormSync().apply(net)
    features = (torch.randn(64, 2, 9, 9) + 5).bfloat16()
    assert net(features).dtype == torch.bfloat16
    plain(features.float())
    torch.testing.assert_close(net.state_dict(), plain.state_dict())


def test_batches_that_are_empty_everywhere_leave_the_running_statistics_alone(alone: None):
    net = BatchNormSync().apply(nn.BatchNorm2d(2))
    net(torch.zeros(0, 2, 3, 3))
    assert net.running_mean.tolist() == [0, 0] and net.running_var.tolist() == [1, 1]
