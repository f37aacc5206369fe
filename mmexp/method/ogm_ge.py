"""On-the-fly gradient modulation with generalization enhancement."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pytorch_lightning as pl
import torch
import torch.distributed as dist
from torch import Tensor, nn

from mmexp.contract import Batch, Tokens
from mmexp.method.base import Method
from mmexp.method.epoch_means import EpochMeansCallback
from mmexp.method.objective import ObjectiveMethod
from mmexp.method.unimodal import add_heads, heads_of


class OGMGEMethod(ObjectiveMethod):
    """Slow down the encoder of the modality that answers better than the others, and add noise to the gradients.

    With ``s_m`` the probability that modality m alone gives to the truth and ``r_m`` its ratio to the mean of the
    others, the gradient into encoder m is multiplied by ``1 - tanh(alpha r_m)`` if ``r_m > 1``. The noise is Gaussian,
    as large as the gradient of each matrix of an encoder varies.

    Logged: ``train/share_<m>``, ``s_m`` over the sum of all, and ``train/coefficient_<m>``, means over the epoch so
    far; ``train/unimodal_<m>``, the loss of each head.

    Source: Peng et al. 2022, "Balanced Multimodal Learning via On-the-fly Gradient Modulation",
    https://arxiv.org/abs/2203.15332, eqs. 8 to 13. Differs: where a fusion is no sum there is no score of one modality
    in it, so heads next to it give the scores, on tokens that they leave as they are; ``s_m`` is ``exp(-loss)``, the
    geometric mean over a batch, and so any task has it; several modalities are compared with the mean of the others.

    Args:
        trains: Chooses the weights that are trained; the objective comes in addition.
        alpha: How much the better modality is slowed down.
        noise: Standard deviation of the noise over that of the gradient; 0 adds none.

    Raises:
        ValueError: If either is negative.
    """

    def __init__(self, *, trains: Method, alpha: float = 0.3, noise: float = 1.0) -> None:
        super().__init__(trains=trains)
        for name, value in (("alpha", alpha), ("noise", noise)):
            if value < 0:
                raise ValueError(f"OGMGEMethod: {name} must be at least 0, got {value}.")
        self.alpha, self.noise = alpha, noise
        self.scores: dict[str, float] = {}

    def prepare(self, model: nn.Module) -> None:
        super().prepare(model)
        add_heads(model, detached=True)
        missing = model.get_submodule("missing")
        missing.register_forward_pre_hook(self._hook)

    def losses(self, model: nn.Module, outputs: Mapping[str, Any], batch: Batch) -> dict[str, Tensor]:
        losses = heads_of(model).losses(batch)
        self.scores = {name: math.exp(-value) for name, value in everywhere(losses, len(batch)).items()}
        own = {f"unimodal_{name}": value for name, value in losses.items()}
        return super().losses(model, outputs, batch) | own

    def callbacks(self) -> Sequence[pl.Callback]:
        noise = [NoiseCallback(self.noise)] if self.noise else []
        return [*super().callbacks(), EpochMeansCallback(self.numbers), *noise]

    def coefficient(self, modality: str) -> float:
        """Return what the gradient into the encoder of a modality is multiplied by, after the scores of a batch."""
        others = [score for name, score in self.scores.items() if name != modality]
        ratio = self.scores[modality] * len(others) / max(sum(others), 1e-12)
        return 1 - math.tanh(self.alpha * ratio) if ratio > 1 else 1.0

    def numbers(self) -> dict[str, float]:
        """Return share and coefficient of each modality in the last batch."""
        total = max(sum(self.scores.values()), 1e-12)
        shares = {f"share_{name}": score / total for name, score in self.scores.items()}
        return shares | {f"coefficient_{name}": self.coefficient(name) for name in self.scores}

    def _hook(self, module: nn.Module, given: tuple[Mapping[str, Tokens]]) -> None:
        """Scale the gradients of tokens once they come back; the scores are known by then."""
        for name, own in given[0].items():
            if own.features.requires_grad:
                own.features.register_hook(partial(self._scaled, name))  # type: ignore[no-untyped-call]

    def _scaled(self, modality: str, gradient: Tensor) -> Tensor:
        return gradient * self.coefficient(modality)


class NoiseCallback(pl.Callback):
    """Add Gaussian noise to the gradients of the encoders' matrices, the same in every process.

    Args:
        scale: Its standard deviation over that of the gradient.
    """

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def on_after_backward(self, trainer: pl.Trainer, pl_module: Any) -> None:
        if trainer.fit_loop.epoch_loop.batch_progress.current.ready % trainer.accumulate_grad_batches:
            return
        seed = zlib.crc32(f"{pl_module.seed}/{trainer.global_step}/noise".encode())
        generator = torch.Generator(pl_module.device).manual_seed(seed)
        for weight in pl_module.model.encoders.parameters():
            if weight.grad is not None and weight.ndim > 1:
                noise = torch.randn(weight.shape, generator=generator, device=weight.device, dtype=weight.dtype)
                weight.grad.add_(noise * (self.scale * weight.grad.std(correction=0)))


def everywhere(losses: Mapping[str, Tensor], samples: int) -> dict[str, float]:
    """Return the mean of each loss over the samples of all processes.

    Args:
        losses: Means over the samples here.
        samples: Number of them.
    """
    totals = torch.stack([*losses.values(), *[next(iter(losses.values())).new_ones(())]]).detach().double() * samples
    if dist.is_initialized():
        dist.all_reduce(totals)
    return dict(zip(losses, (totals[:-1] / totals[-1]).tolist(), strict=True))
