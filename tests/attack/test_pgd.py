from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.attack.base import Ball
from mmexp.attack.fgsm import FgsmAttack
from mmexp.attack.pgd import PgdAttack


def ball(x: Tensor, radius: float) -> Ball:
    return Ball(x, torch.tensor(radius), torch.tensor(-9.0), torch.tensor(9.0))


def noise(x: Tensor) -> Tensor:
    return 2 * torch.rand(x.shape, generator=torch.Generator().manual_seed(1)) - 1


@pytest.mark.parametrize("random_start", [True, False])
def test_on_a_linear_model_it_gives_the_largest_loss_in_the_ball(random_start: bool):
    weights, x = torch.randn(6), torch.randn(5, 6)
    attack = PgdAttack(steps=8, random_start=random_start)
    found = attack.perturb(ball(x, 0.3), lambda values: -weights.expand_as(values), noise(x))
    torch.testing.assert_close(found, x - 0.3 * weights.sign())


def test_its_loss_is_at_least_that_of_one_step_where_the_loss_bends():
    model = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 3))
    with torch.no_grad():
        model[0].weight.mul_(4)
    x, label = torch.randn(64, 4), torch.randint(3, (64,))

    def gradient(values: Tensor) -> Tensor:
        given = values.detach().requires_grad_()
        return torch.autograd.grad(F.cross_entropy(model(given), label), given)[0]

    losses = {
        name: F.cross_entropy(model(attack.perturb(ball(x, 0.5), gradient, noise(x))), label).item()
        for name, attack in {"fgsm": FgsmAttack(), "pgd": PgdAttack(steps=20, step_size=0.1)}.items()
    }
    assert losses["pgd"] > losses["fgsm"] > F.cross_entropy(model(x), label).item()


def test_it_begins_within_the_ball_and_stays_there():
    x = torch.randn(2, 3)
    seen: list[Tensor] = []

    def gradient(values: Tensor) -> Tensor:
        seen.append(values)
        return torch.randn_like(values)

    found = PgdAttack(steps=3, step_size=5.0).perturb(ball(x, 0.1), gradient, noise(x))
    assert len(seen) == 3 and not torch.equal(seen[0], x)
    assert all(float((one - x).abs().max()) <= 0.1 + 1e-6 for one in (*seen, found))


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [({"steps": 0}, "steps must be at least 1, got 0"), ({"step_size": 0.0}, "step_size must be positive, got 0.0")],
)
def test_it_takes_steps(arguments: dict[str, float], rule: str):
    with pytest.raises(ValueError, match=rule):
        PgdAttack(**arguments)
