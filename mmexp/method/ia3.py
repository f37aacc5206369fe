"""Adapters that rescale activations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmexp.method.peft import PeftMethod


class Ia3Method(PeftMethod):
    """Train vectors that rescale keys, values and hidden features of frozen layers.

    Source: Liu et al. 2022, "Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning",
    https://arxiv.org/abs/2205.05638, sec. 3.3.

    Args:
        encoders: Modalities whose encoders get adapters; None for every pretrained one. The others stay frozen.
        target_modules: Names of the layers that are rescaled, such as ``[key, value]``; None takes what peft knows of
            the architecture.
        feedforward_modules: Those among them whose input is rescaled in place of their output.
    """

    def __init__(
        self,
        *,
        encoders: Sequence[str] | None = None,
        target_modules: Sequence[str] | None = None,
        feedforward_modules: Sequence[str] | None = None,
    ) -> None:
        super().__init__(encoders=encoders, target_modules=target_modules)
        self.feedforward_modules = None if feedforward_modules is None else list(feedforward_modules)

    def config(self, target_modules: list[str] | str | None) -> Any:
        from peft import IA3Config

        return IA3Config(target_modules=target_modules, feedforward_modules=self.feedforward_modules)
