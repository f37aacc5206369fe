from __future__ import annotations

from torch import nn

from mmexp.contract import Batch
from mmexp.method.base import Method


class Frozen(Method):
    def prepare(self, model):
        model.requires_grad_(False)


def test_it_adds_no_losses_and_no_callbacks_unless_it_says_so():
    method = Frozen()
    assert method.losses(nn.Linear(1, 1), {}, Batch({}, {}, ())) == {}
    assert list(method.callbacks()) == []
