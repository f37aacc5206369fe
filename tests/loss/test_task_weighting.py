from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mmexp.loss.task_weighting import RATE, GradNormWeighting, UncertaintyWeighting, gradient_norm, make_weighting

NAMES = ("a", "b", "c")


def losses(*values: float) -> dict[str, Tensor]:
    return dict(zip(NAMES, torch.tensor(values).unbind(), strict=True))


def test_fixed_weights_are_kept():
    balance = make_weighting("fixed", {"a": 1, "b": 3}, 0)
    for _ in range(3):
        assert balance({"a": torch.tensor(2.0), "b": torch.tensor(5.0)}, []) == {"a": 2, "b": 15}


def test_uncertainty_descends_on_the_objective_of_its_paper():
    balance, values = UncertaintyWeighting(weights=dict.fromkeys(NAMES, 1.0)), [0.2, 0.7, 1.1]
    sigma = torch.ones(3, dtype=torch.double)
    for _ in range(50):
        terms = balance(losses(*values), [])
        log_variance = (2 * sigma.log()).requires_grad_()
        objective = sum(
            loss / (s / 2).exp() ** 2 + (s / 2).exp().log() for loss, s in zip(values, log_variance, strict=True)
        )
        assert sum(terms.values()).item() == pytest.approx(objective.item(), rel=1e-5)
        objective.backward()
        sigma = ((log_variance - RATE * log_variance.grad) / 2).exp().detach()
    torch.testing.assert_close(balance.log_variance.double(), 2 * sigma.log(), rtol=1e-4, atol=1e-5)


def test_uncertainty_comes_to_rest_where_the_objective_is_least_at_any_scale():
    balance = UncertaintyWeighting(weights={"a": 1.0, "b": 5.0, "c": 1.0})
    assert balance(losses(1, 1, 1), [])["b"] == 5
    for _ in range(1000):
        balance(losses(0.01, 1, 1000), [])
    expected = (2 * torch.tensor([0.01, 1, 1000])).log()
    torch.testing.assert_close(balance.log_variance, expected, rtol=0, atol=0.05)


def test_a_task_without_targets_in_the_batch_keeps_its_weight():
    for balance in (make_weighting("uncertainty", dict.fromkeys(NAMES, 1), 1), gradnorm()):
        state = {name: value.clone() for name, value in balance.state_dict().items()}
        shared = torch.ones(4, requires_grad=True)
        nothing = dict.fromkeys(NAMES, shared.sum() * 0)
        balance(nothing, [shared])
        assert all(torch.equal(value, state[name]) for name, value in balance.state_dict().items())


def gradnorm(alpha: float = 1.5) -> GradNormWeighting:
    return GradNormWeighting(weights=dict.fromkeys(NAMES, 1.0), alpha=alpha)


def toy(scales: tuple[float, ...], shared: Tensor) -> dict[str, Tensor]:
    """Errors of one kind that differ in scale, as in the toy problem of the paper's section 4.1."""
    named = zip(NAMES, scales, strict=True)
    return {name: ((scale * (shared - i)) ** 2).mean() for i, (name, scale) in enumerate(named)}


@pytest.mark.parametrize("alpha", [0.0, 1.5])
def test_gradnorm_descends_on_the_objective_of_its_paper(alpha):
    balance, weights, first = gradnorm(alpha), torch.ones(3, dtype=torch.double), None
    for step in range(30):
        shared = torch.full((2, 3), 5.3 - 0.1 * step, requires_grad=True)
        found = toy((1, 2, 3), shared)
        terms = balance(found, [shared])
        values = torch.stack(list(found.values())).detach().double()
        expected = [(w * loss).item() for w, loss in zip(weights, values, strict=True)]
        assert [terms[name].item() for name in NAMES] == pytest.approx(expected, rel=1e-4)
        first = values if first is None else first
        learned = weights.log().requires_grad_()
        gradients = [torch.autograd.grad(loss, shared, retain_graph=True)[0].double() for loss in found.values()]
        norms = torch.stack([(w.exp() * own).norm() for w, own in zip(learned, gradients, strict=True)])
        rate = (values / first) / (values / first).mean()
        (norms - (norms.mean() * rate**alpha).detach()).abs().sum().backward()
        weights = (learned.detach() - RATE * learned.grad / norms.mean().detach()).exp()
        weights = 3 * weights / weights.sum()
    torch.testing.assert_close(balance.weights.double(), weights, rtol=1e-4, atol=1e-5)


def test_gradnorm_makes_losses_of_different_scales_pull_alike():
    balance, shared = gradnorm(alpha=0.0), torch.full((4,), 7.0, requires_grad=True)
    for _ in range(400):
        found = toy((1, 3, 9), shared)
        balance(found, [shared])
    pulls = [gradient_norm(term, [shared]) for term in balance(toy((1, 3, 9), shared), [shared]).values()]
    assert max(pulls) / min(pulls) < 1.5 and balance.weights.sum().item() == pytest.approx(3)


def test_the_norm_is_over_everything_that_is_shared():
    one, other = torch.tensor([3.0], requires_grad=True), torch.tensor([4.0], requires_grad=True)
    loss = 3 * one.sum() + 4 * other.sum()
    assert gradient_norm(loss, [one, other, torch.ones(2)]) == 5
    assert gradient_norm(loss, []) == 0 and gradient_norm(torch.tensor(1.0), [one]) == 0
    assert gradient_norm((one * 2).sum(), [one, other]) == 2


@pytest.mark.parametrize("name", ["uncertainty", "gradnorm"])
def test_weights_move_only_in_training_and_are_part_of_the_model(name):
    balance, shared = make_weighting(name, dict.fromkeys(NAMES, 1), 1.5), torch.full((4,), 7.0, requires_grad=True)
    assert not list(balance.parameters())
    start = {key: value.clone() for key, value in balance.state_dict().items()}
    held = dict(balance.named_buffers())
    balance.eval()(toy((1, 3, 9), shared), [shared])
    assert all(torch.equal(value, start[key]) for key, value in balance.state_dict().items())
    terms = balance.train()(toy((1, 3, 9), shared), [shared])
    torch.stack(list(terms.values())).sum().backward()
    assert any(not torch.equal(value, start[key]) for key, value in balance.state_dict().items())
    assert all(value is held[key] for key, value in balance.named_buffers())
    again = make_weighting(name, dict.fromkeys(NAMES, 1), 1.5)
    again.load_state_dict(balance.state_dict())
    assert again.eval()(losses(1, 2, 3), []) == balance.eval()(losses(1, 2, 3), [])


def test_the_gradient_of_the_terms_does_not_go_through_the_weights():
    balance, layer = gradnorm(), nn.Linear(2, 1)
    shared = layer(torch.ones(3, 2))
    terms = balance(toy((1, 2, 3), shared), [shared])
    plain = toy((1, 2, 3), shared)
    (expected,) = torch.autograd.grad(sum(plain.values()), layer.weight, retain_graph=True)
    (found,) = torch.autograd.grad(sum(terms.values()), layer.weight)
    torch.testing.assert_close(found, expected)


def test_a_name_that_is_none_and_a_weight_that_is_not_positive_are_refused():
    with pytest.raises(ValueError, match="balance must be one of fixed, uncertainty, gradnorm, got 'even'"):
        make_weighting("even", {"a": 1}, 1)
    with pytest.raises(ValueError, match="weights must be positive, got a: 0"):
        make_weighting("fixed", {"a": 0, "b": 1}, 1)
