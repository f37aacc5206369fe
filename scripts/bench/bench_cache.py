"""An epoch over features that frozen encoders gave once, against one that encodes each sample anew."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import torch
from harness import Cost, Pair, timed
from torch import Tensor

from mmexp.config.compose import compose
from mmexp.run.folder import RunFolder
from mmexp.training.experiment import Experiment, build, load_data
from mmexp.training.features import encode_once

FROZEN = ["encoder/image=resnet", "encoder.image.model=resnet18", "method=frozen", "method.parts=[encoders.*.backbone]"]


def epoch(experiment: Experiment) -> list[Tensor]:
    """Train the task's head and fusion for an epoch by plain SGD from the weights it has; return the losses."""
    module, losses = experiment.module, []
    weights = [weight for weight in module.model.parameters() if weight.requires_grad]
    kept = [weight.detach().clone() for weight in weights]
    optimizer = torch.optim.SGD(weights, lr=0.01)
    module.train()
    for number, batch in enumerate(experiment.data.train_dataloader()):
        module.on_train_batch_start(batch, number)
        loss = torch.stack(list(module.model.task.losses(module.model(batch), batch).values())).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    with torch.no_grad():
        for weight, own in zip(weights, kept, strict=True):
            weight.copy_(own)
    return losses


def cached(quick: bool) -> Iterator[Pair]:
    """P14: ResNet-18 on the images of the built-in world, frozen."""
    size = 256 if quick else 1024
    with tempfile.TemporaryDirectory() as outputs, mock.patch.dict(os.environ, {"MMEXP_CACHE": outputs}):
        words = [f"dataset.sizes=[{size},8,8]", "dataset.cache=null", f"outputs={outputs}", "training.epochs=1"]
        root = compose([*FROZEN, *words, "dataset=scenes", "inputs=[image]", "fusion=none", "hardware=cpu"]).plain()
        sides: list[Callable[[], list[Tensor]]] = []
        for limit in (1.0, 0.0):
            experiment = build(root, load_data(root), RunFolder.create(Path(outputs), "bench"))
            encode_once(experiment, limit, lambda done, total: None)
            sides.append(lambda experiment=experiment: epoch(experiment))
        ours, theirs = (torch.stack(side()) for side in sides)
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)

        def cost(side: Callable[[], list[Tensor]]) -> Callable[[], Cost]:
            return lambda: timed(side)

        yield Pair(
            id="P14",
            what="an epoch over cached features",
            reference="encoding each image anew",
            bound=0.1,
            ours=cost(sides[0]),
            theirs=cost(sides[1]),
        )
