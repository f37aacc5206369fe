"""Generate by flow matching: from noise to an image, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor

from mmexp.contract import Outputs, Tokens
from mmexp.fusion.base import Fusion
from mmexp.head.image_generation.base import Chance, ImageGenerator, mean
from mmexp.head.image_generation.unet import UNet

CENTRE, SPREAD = -1.0, 1.4
"""Mean and deviation of the logit of the times that are learned from."""
LEAST = 0.1
"""Time left that the loss takes a velocity over, at least."""


class Flow(ImageGenerator):
    """Learn the velocity ``x - e`` at ``z_t = t x + (1 - t) e``, between noise e and image x, and follow it.

    The U-Net predicts the image, and by it the velocity ``(canvas(z_t, t) - z_t) / (1 - t)``; the loss is the square of
    that velocity's error. The inputs of some samples are dropped, for classifier-free guidance: of what they add,
    ``guidance`` times as much is generated. What will be where is decided while there is little but noise; hence the
    times of training, and the steps of sampling, lie close together there.

    Source: Lipman et al. 2023, "Flow Matching for Generative Modeling", https://arxiv.org/abs/2210.02747, eqs. 20-23;
    Liu et al. 2022, "Flow Straight and Fast", https://arxiv.org/abs/2209.03003, eq. 1; times from a logit-normal: Esser
    et al. 2024, https://arxiv.org/abs/2403.03206, section 3.1; a network that predicts the image: Li and He 2025, "Back
    to Basics", https://arxiv.org/abs/2511.13720; guidance: Ho and Salimans 2022, https://arxiv.org/abs/2207.12598, eq.
    6. Differs: steps end at ``(i / steps)^2``.

    Args:
        canvas: The network it generates with.
        steps: From noise to image, by Euler's method.
        guidance: 1 samples what was learned, more follows the inputs more closely.
        condition_dropout: Probability of dropping all inputs of a sample in training.

    Raises:
        ValueError: If steps < 1, or condition_dropout is outside [0, 1).
    """

    def __init__(self, *, canvas: UNet, steps: int = 12, guidance: float = 2.5, condition_dropout: float = 0.1) -> None:
        super().__init__(canvas=canvas)
        if steps < 1:
            raise ValueError(f"Flow: steps must be at least 1, got {steps}.")
        if not 0 <= condition_dropout < 1:
            raise ValueError(f"Flow: condition_dropout must be in [0, 1), got {condition_dropout}.")
        self.steps, self.guidance, self.condition_dropout = steps, guidance, condition_dropout

    def training_outputs(self, tokens: Mapping[str, Tokens], fusion: Fusion, images: Tensor, chance: Chance) -> Outputs:
        time = (CENTRE + SPREAD * chance.level).sigmoid()  # [B]
        if self.training:
            shown = torch.rand(time.shape[0], 1, device=time.device) >= self.condition_dropout
            tokens = {name: Tokens(own.features, own.mask & shown) for name, own in tokens.items()}
        noisy = torch.lerp(chance.noise, images, time[:, None, None, None])
        predicted = self.canvas(noisy, time, fusion.bind(tokens))
        return {"error": (predicted - images).square().mean((1, 2, 3)) / (1 - time).clamp(min=LEAST).square()}

    def losses(self, outputs: Outputs, known: Tensor) -> dict[str, Tensor]:
        return {"flow": mean(outputs["error"], known)}

    def generate(self, tokens: Mapping[str, Tokens], fusion: Fusion, noise: Tensor) -> Tensor:
        image, guided, free = noise, fusion.bind(tokens), fusion.bind({})
        for now, soon in pairwise((i / self.steps) ** 2 for i in range(self.steps + 1)):
            time = noise.new_full((noise.shape[0],), now)
            predicted = self.canvas(image, time, guided)
            if self.guidance != 1:
                predicted = torch.lerp(self.canvas(image, time, free), predicted, self.guidance)
            image = torch.lerp(image, predicted, (soon - now) / (1 - now))
        return image
