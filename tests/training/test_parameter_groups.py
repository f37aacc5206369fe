from __future__ import annotations

import torch
from torch import nn

from mmexp.method.full import FullMethod
from mmexp.training.parameter_groups import parameter_groups, scale_learning_rates


class Slow(FullMethod):
    def scale(self, name: str) -> float:
        return 0.1 if name.startswith("0.") else 1.0


def test_vectors_never_decay_and_frozen_weights_are_left_out():
    model = nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.Linear(3, 1))
    model[2].requires_grad_(False)
    matrices, vectors = parameter_groups(model, FullMethod())
    assert "weight_decay" not in matrices and [p.shape for p in matrices["params"]] == [(3, 2)]
    assert vectors["weight_decay"] == 0 and len(vectors["params"]) == 3
    model.requires_grad_(False)
    assert parameter_groups(model, FullMethod()) == []


def test_a_method_scales_the_learning_rate_of_some_weights_and_a_schedule_keeps_the_ratio():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    optimizer = torch.optim.AdamW(parameter_groups(model, Slow()), lr=0.01)
    scale_learning_rates(optimizer)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5)
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    torch.testing.assert_close([rates[id(p)] for p in model[0].parameters()], [0.0005] * 2)
    torch.testing.assert_close([rates[id(p)] for p in model[1].parameters()], [0.005] * 2)
    torch.testing.assert_close(sorted(schedule.base_lrs), [0.001, 0.001, 0.01, 0.01])
