from __future__ import annotations

import pytest
from torch import nn

from mmexp.error import ConfigError
from mmexp.method.unimodal import UnimodalHeads, heads_of


@pytest.mark.parametrize("detached", [True, False])
def test_each_head_learns_from_its_own_modality(model, batch, detached):
    model.add_module("unimodal", UnimodalHeads(model, detached=detached))
    model(batch)
    losses = heads_of(model).losses(batch)
    assert list(losses) == ["left", "right"]
    losses["left"].backward()
    moved = {name for name, weight in model.named_parameters() if weight.grad is not None and weight.grad.any()}
    heads = {name for name in moved if name.startswith("unimodal.heads.0.")}
    assert heads and moved - heads == (set() if detached else {"encoders.left.weight", "encoders.left.bias"})


def test_a_batch_that_was_not_read_in_training_is_refused(model, batch):
    model.eval()
    heads = UnimodalHeads(model, detached=True)
    model(batch)
    with pytest.raises(ValueError, match="must have read the batch in training mode, got no tokens"):
        heads.losses(batch)


def test_what_has_no_second_modality_or_keeps_positions_is_refused(make_model, model):
    with pytest.raises(ConfigError, match="inputs must be at least two, got left"):
        UnimodalHeads(make_model("left"), detached=True)
    model.task.anchor = "prefix"
    with pytest.raises(
        ConfigError, match="task must fuse jointly, got Classification, which keeps the positions of pre"
    ):
        UnimodalHeads(model, detached=True)


def test_a_model_with_another_part_of_that_name_is_refused(model):
    model.unimodal = nn.Identity()
    with pytest.raises(TypeError, match="unimodal must be UnimodalHeads, got Identity"):
        heads_of(model)
