from __future__ import annotations

import torch
from torch.nn import functional as F

from mmexp.attack.base import Ball
from mmexp.attack.fgsm import FgsmAttack


def test_on_a_linear_model_it_gives_the_largest_loss_in_the_ball():
    """``log(1 + exp(-y w.x))`` is largest at ``x - epsilon y sign(w)``: sec. 5 of the source."""
    generator = torch.Generator().manual_seed(0)
    weights, x = torch.randn(6, generator=generator), torch.randn(5, 6, generator=generator)
    y = torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0])

    def gradient(values: torch.Tensor) -> torch.Tensor:
        given = values.clone().requires_grad_()
        loss = F.softplus(-y * (given @ weights)).mean()
        return torch.autograd.grad(loss, given)[0]

    ball = Ball(x, torch.tensor(0.3), torch.tensor(-9.0), torch.tensor(9.0))
    found = FgsmAttack().perturb(ball, gradient, torch.zeros_like(x))
    torch.testing.assert_close(found, x - 0.3 * y[:, None] * weights.sign())
    margin = y * (found @ weights)
    torch.testing.assert_close(
        margin, y * (x @ weights) - 0.3 * weights.abs().sum(), msg="the closed form of the margin"
    )


def test_what_has_no_gradient_stays_as_it_is():
    x = torch.randn(3, 4)
    ball = Ball(x, torch.tensor(1.0), torch.tensor(-9.0), torch.tensor(9.0))
    assert torch.equal(FgsmAttack().perturb(ball, torch.zeros_like, torch.ones_like(x)), x)
