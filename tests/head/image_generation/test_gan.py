from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.fusion.concat import ConcatFusion
from mmexp.head.image_generation.base import Chance
from mmexp.head.image_generation.gan import GAN, Critic, frozen
from mmexp.head.image_generation.unet import UNet
from mmexp.pool.mean import MeanPool

DIM, SIDE, ROWS = 8, 8, 4


def make() -> tuple[GAN, ConcatFusion]:
    torch.manual_seed(0)
    generator = GAN(canvas=UNet(dim=DIM, image_size=SIDE, depth=1), dim=DIM)
    return generator, ConcatFusion(dim=DIM, modalities=["canvas", "text"], pool=MeanPool())


def tokens() -> dict[str, Tokens]:
    torch.manual_seed(1)
    features = torch.randn(ROWS, 2, DIM, requires_grad=True)
    return {"text": Tokens(features, torch.ones(ROWS, 2, dtype=torch.bool))}


def taught(generator: GAN, fusion: ConcatFusion, given: dict[str, Tokens], name: str) -> list[nn.Module]:
    """Which of canvas, fusion and critic one loss gives a gradient, and whether it reaches the inputs."""
    torch.manual_seed(2)
    chance = Chance.draw(ROWS, SIDE, torch.device("cpu"))
    outputs = generator.training_outputs(given, fusion, torch.rand(ROWS, 3, SIDE, SIDE) * 2 - 1, chance)
    generator.losses(outputs, torch.ones(ROWS, dtype=torch.bool))[name].backward()
    parts = {"canvas": generator.canvas, "fusion": fusion, "critic": generator.critic}
    found = [key for key, part in parts.items() if any(p.grad is not None and p.grad.any() for p in part.parameters())]
    return found + (["inputs"] if given["text"].features.grad is not None else [])


def test_each_loss_teaches_its_own_side_and_the_encoders_of_the_inputs():
    assert taught(*make(), tokens(), "critic") == ["critic", "inputs"]
    assert taught(*make(), tokens(), "generator") == ["canvas", "fusion", "inputs"]


def test_losses_are_hinges_over_known_samples():
    generator, _ = make()
    scores = torch.tensor([[2.0, 0.5, -3.0], [9.0, 9.0, 9.0], [-0.5, 9.0, 0.25]])
    outputs = {"scores": scores, "fake": torch.tensor([0.5, 9.0, -2.0]), "fooled": torch.tensor([1.0, 9.0, 4.0])}
    losses = generator.losses(outputs, torch.tensor([True, False, True]))
    first = max(0, 1 - 2.0) + (max(0, 1 - 3.0) + max(0, 1 + 0.5)) / 2
    third = max(0, 1 - 0.25) + (max(0, 1 - 0.5) + max(0, 1 - 2.0)) / 2
    assert losses["critic"].item() == pytest.approx((first + third) / 2)
    assert losses["generator"].item() == pytest.approx(-(1.0 + 4.0) / 2)


@pytest.mark.parametrize("count", [0, 1])
def test_a_batch_without_others_has_no_wrong_inputs(count):
    generator, _ = make()
    known = torch.arange(2) < count
    losses = generator.losses({"scores": torch.ones(2, 2), "fake": -torch.ones(2), "fooled": torch.ones(2)}, known)
    assert losses["critic"] == 0 and losses["generator"] == -count


def test_it_paints_within_range_and_the_same_of_the_same_noise():
    generator, fusion = make()
    noise = torch.randn(ROWS, 3, SIDE, SIDE)
    with torch.no_grad():
        first, second = (generator.eval().generate(tokens(), fusion, noise) for _ in range(2))
    assert first.abs().max() <= 1 and torch.equal(first, second)


def test_the_critic_learns_which_picture_goes_with_which_inputs():
    torch.manual_seed(0)
    critic, told = Critic(dim=16), torch.eye(4, 16) * 4
    colours = torch.tensor([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, -1.0, 1.0]])
    images = colours[:, :, None, None].expand(-1, -1, SIDE, SIDE)
    optimizer = torch.optim.Adam(critic.parameters(), lr=0.01)
    for _ in range(100):
        optimizer.zero_grad()
        sign = 2 * torch.eye(4) - 1
        (1 - sign * critic(images, told)).relu().mean().backward()
        optimizer.step()
    assert (critic(images, told) > 0).equal(torch.eye(4) > 0)


def test_the_critic_scores_every_picture_beside_all_inputs():
    torch.manual_seed(0)
    critic = Critic(dim=DIM).eval()
    images, told = torch.randn(3, 3, SIDE, SIDE), torch.randn(2, DIM)
    scores: Tensor = critic(images, told)
    assert scores.shape == (3, 2)
    torch.testing.assert_close(scores[1:2, 1:], critic(images[1:2], told[1:]))


def test_frozen_weights_stay_frozen_afterwards_if_they_were_before():
    layer = nn.Linear(2, 2)
    layer.bias.requires_grad_(False)
    with pytest.raises(RuntimeError, match="on the way"), frozen(layer):
        assert not layer.weight.requires_grad
        raise RuntimeError("on the way")
    assert layer.weight.requires_grad and not layer.bias.requires_grad
