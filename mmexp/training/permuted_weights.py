"""Control: does a fusion that weighs decide anything by its weights, or would those of another sample do as well?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from mmexp.layer.sample_weights import SampleWeights
from mmexp.training.experiment import Experiment

SEED = 0  # of the permutations: a control is the same for every seed of a run


def weighs(fusion: nn.Module) -> bool:
    """Whether a fusion weighs each sample by itself."""
    return any(isinstance(part, SampleWeights) for part in fusion.modules())


@contextmanager
def permuted(fusion: nn.Module) -> Iterator[None]:
    """Give each sample the weights of another one of its batch, which has the same modalities, within the block."""
    generator = torch.Generator().manual_seed(SEED)

    def exchange(part: nn.Module, given: tuple[Tensor, Tensor], weights: Tensor) -> Tensor:
        if not weights.numel():
            return weights
        places = partners(given[1].flatten(0, -2), generator)
        return weights.flatten(0, given[1].ndim - 2)[places].view(weights.shape)

    hooks = [part.register_forward_hook(exchange) for part in fusion.modules() if isinstance(part, SampleWeights)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def partners(present: Tensor, generator: torch.Generator) -> Tensor:
    """Return another row with the same modalities for each row; itself, if there is none. bool [R, M] -> [R]

    Args:
        present: Which modalities each row has.
        generator: Of the permutation, on the CPU.
    """
    pattern = torch.unique(present.cpu(), dim=0, return_inverse=True)[1]
    order = torch.randperm(len(pattern), generator=generator)
    order = order[pattern[order].argsort(stable=True)]  # rows of one pattern stand together, in random order
    found = torch.empty_like(order)
    for rows in torch.split(order, torch.bincount(pattern).tolist()):
        found[rows] = rows.roll(1)
    return found.to(present.device)


def evaluate_permuted(experiment: Experiment, trainer: pl.Trainer) -> dict[str, float]:
    """Evaluate the test split once more with permuted weights; nothing where no sample has another to exchange with."""
    module = experiment.module
    if not weighs(module.model.fusion) or experiment.training.batch_size < 2:
        return {}
    with permuted(module.model.fusion):
        trainer.test(module, datamodule=experiment.data, verbose=False)
    return dict(module.results["test"])
