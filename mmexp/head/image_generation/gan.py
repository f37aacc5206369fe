"""Generate adversarially: a generator in one step, and a critic trained with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from mmexp.contract import Outputs, Tokens
from mmexp.fusion.base import Fusion
from mmexp.head.image_generation.base import Chance, ImageGenerator, mean
from mmexp.head.image_generation.unet import UNet


class GAN(ImageGenerator):
    """Generate in one step what a critic scores as real and as matching the inputs.

    Both train in the same step. The loss ``critic`` sees generated images as they are, and trains the critic, and the
    encoders of the inputs, which learn most from it: a score of 1 for a real image with its inputs, of -1 for a
    generated one, and for a real one with the inputs of another sample of the batch. The loss ``generator`` sees the
    critic as it is, and trains everything else to raise the score of what is generated. Neither says how good the
    images are.

    Source: Goodfellow et al. 2014, "Generative Adversarial Nets", https://arxiv.org/abs/1406.2661; wrong inputs: Reed
    et al. 2016, "Generative Adversarial Text to Image Synthesis", https://arxiv.org/abs/1605.05396, algorithm 1; hinge
    loss: Lim and Ye 2017, "Geometric GAN", https://arxiv.org/abs/1705.02894. Differs: the inputs of all other samples
    are wrong ones; the critic learns once for each step of the generator, by the same optimizer.

    Args:
        canvas: The network it generates with.
        dim: Width D of the tokens.
    """

    def __init__(self, *, canvas: UNet, dim: int) -> None:
        super().__init__(canvas=canvas)
        self.critic = Critic(dim=dim)

    def training_outputs(self, tokens: Mapping[str, Tokens], fusion: Fusion, images: Tensor, chance: Chance) -> Outputs:
        generated = self.generate(tokens, fusion, chance.noise)
        condition = torch.stack([own.pool() for own in tokens.values()]).mean(0)  # [B, D]
        scores, fake = (
            self.critic(images, condition),
            self.critic(generated.detach(), condition).diagonal(),
        )  # [B, B], [B]
        with frozen(self.critic):
            return {"scores": scores, "fake": fake, "fooled": self.critic(generated, condition.detach()).diagonal()}

    def losses(self, outputs: Outputs, known: Tensor) -> dict[str, Tensor]:
        right, wrong = F.relu(1 - outputs["scores"].diagonal()), F.relu(1 + outputs["scores"])
        others = known & ~torch.eye(len(known), dtype=torch.bool, device=known.device)
        wrong = (wrong * others).sum(1) / others.sum(1).clamp(min=1)  # [B]
        critic = right + (wrong + F.relu(1 + outputs["fake"])) / 2
        return {"critic": mean(critic, known), "generator": -mean(outputs["fooled"], known)}

    def generate(self, tokens: Mapping[str, Tokens], fusion: Fusion, noise: Tensor) -> Tensor:
        return self.canvas(noise, noise.new_zeros(noise.shape[0]), fusion.bind(tokens)).tanh()  # type: ignore[no-any-return]


class Critic(nn.Module):
    """Score each image with each sample's inputs: how real it is, and how well it matches them.

    Source: Miyato and Koyama 2018, "cGANs with Projection Discriminator", https://arxiv.org/abs/1802.05637, eq. 4;
    Miyato et al. 2018, "Spectral Normalization", https://arxiv.org/abs/1802.05957, on the convolutions.

    Args:
        dim: Width D of the pooled inputs.

    Shape:
        images [B, 3, S, S], inputs [C, D] -> [B, C].
    """

    def __init__(self, *, dim: int) -> None:
        super().__init__()
        widths = [max(8, dim // 4), max(8, dim // 2), dim]
        layers = [nn.Conv2d(3, widths[0], 3, 1, 1)]
        layers += [nn.Conv2d(channels, width, 4, 2, 1) for channels, width in pairwise(widths)]
        layers += [nn.Conv2d(dim, dim, 3, 1, 1)]
        self.layers = nn.Sequential()
        for layer in layers:
            self.layers.extend([spectral_norm(layer), nn.LeakyReLU(0.1)])
        self.real = nn.Linear(dim, 1)
        self.fits = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim))
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor, condition: Tensor) -> Tensor:
        grid = self.layers(images.contiguous(memory_format=torch.channels_last))  # [B, D, S / 4, S / 4]
        pooled = grid.sum((2, 3))  # [B, D]
        return (self.real(pooled) + pooled @ self.fits(condition).mT).float()  # type: ignore[no-any-return]


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Take its weights as they are: what is computed meanwhile teaches them nothing."""
    taught = [weight for weight in module.parameters() if weight.requires_grad]
    for weight in taught:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in taught:
            weight.requires_grad_(True)
