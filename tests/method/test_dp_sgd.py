from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from mmexp.augment.mixup import Mixup
from mmexp.contract import Batch
from mmexp.error import ConfigError
from mmexp.method.dp_sgd import DPSGDCallback
from mmexp.method.per_sample import PerSampleGradients
from mmexp.method.privacy import Privacy
from mmexp.sampler.base import Sampler
from mmexp.sampler.poisson import PoissonSampler

pytest.importorskip("opacus", reason="the extra private is not installed")
EMPTY = Batch({}, {}, ())
MODULE = SimpleNamespace(seed=1, device=torch.device("cpu"), augments=[])


def trainer_of(model: Any, **changes: Any) -> Any:
    training = SimpleNamespace(batch_size=8)
    data = SimpleNamespace(samples={"train": range(40)}, training=training, sampler=PoissonSampler())
    loop = {"world_size": 1, "accumulate_grad_batches": 1, "precision": "32-true", "max_steps": 10}
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.1)]
    parts = {"datamodule": data, "optimizers": optimizers, "precision_plugin": SimpleNamespace()}
    return SimpleNamespace(**{**parts, **loop, **changes})


def started(model: Any, noise: float = 0.0, clip: float = 1e6, at_once: int = 64) -> DPSGDCallback:
    own = DPSGDCallback(
        plan=lambda size, batch_size, steps: Privacy(noise, batch_size / size, 1e-3, "rdp"),
        max_grad_norm=clip,
        physical_batch_size=at_once,
    )
    own.setup(trainer_of(model), MODULE, "fit")
    own.on_train_start(trainer_of(model), MODULE)
    return own


def gradients_of(own: DPSGDCallback, model: Any, batch: Batch) -> dict[str, torch.Tensor]:
    losses = own.step(model, lambda rows: model.task.losses(model(rows), rows), batch)
    torch.stack(list(losses.values())).sum().backward()
    own.on_after_backward(trainer_of(model), MODULE)
    return {name: weight.grad.clone() for name, weight in model.named_parameters()}


def test_without_noise_or_a_norm_that_clips_it_is_the_sum_over_the_expected_size(model, batch):
    found = gradients_of(started(model), model, batch)
    model.zero_grad()
    sum(model.task.losses(model(batch), batch).values()).backward()
    for name, weight in model.named_parameters():
        torch.testing.assert_close(found[name], weight.grad * len(batch) / 8)


def test_each_sample_counts_at_most_the_norm(model, batch):
    clip = 0.05
    each, _ = PerSampleGradients(model, lambda rows: model.task.losses(model(rows), rows))(batch)
    norms = torch.stack([own.flatten(1).norm(dim=1) for own in each.values()]).norm(dim=0)
    assert float(norms.min()) > clip
    found = gradients_of(started(model, clip=clip), model, batch)
    for name, own in each.items():
        expected = (own * (clip / norms).view(-1, *[1] * (own.ndim - 1))).sum(0) / 8
        torch.testing.assert_close(found[name], expected, rtol=1e-3, atol=1e-7)


def test_how_many_gradients_are_in_memory_changes_nothing(make_model, batch):
    one, other = (make_model("left", "right") for _ in range(2))
    whole = gradients_of(started(one, 1.0, 0.1), one, batch)
    parts = gradients_of(started(other, 1.0, 0.1, at_once=4), other, batch)
    torch.testing.assert_close(whole, parts)


def test_an_empty_batch_is_a_step_of_noise_alone(model, batch):
    own = started(model, noise=2.0, clip=0.5)
    gradients_of(own, model, batch)
    losses = own.step(model, lambda rows: {}, EMPTY)
    assert {name: float(value.detach()) for name, value in losses.items()} == {"class": 0.0}
    own.on_after_backward(trainer_of(model), MODULE)
    noise = torch.cat([weight.grad.flatten() for weight in model.parameters()])
    assert float(noise.std()) == pytest.approx(2.0 * 0.5 / 8, rel=0.25) and own.steps == 2


def test_noise_repeats_by_the_seed_and_goes_on_from_a_state(make_model, batch):
    models = [make_model("left", "right") for _ in range(3)]
    first, same = started(models[0], noise=1.0), started(models[1], noise=1.0)
    torch.testing.assert_close(gradients_of(first, models[0], batch), gradients_of(same, models[1], batch))
    resumed = started(models[2], noise=5.0)
    resumed.load_state_dict(first.state_dict())
    resumed.on_train_start(trainer_of(models[2]), MODULE)
    assert resumed.privacy == first.privacy and resumed.steps == 1
    second = gradients_of(first, models[0], batch)
    torch.testing.assert_close(gradients_of(resumed, models[2], batch), second)
    assert not torch.equal(second["encoders.left.weight"], gradients_of(same, models[1], EMPTY)["encoders.left.weight"])


@pytest.mark.filterwarnings("ignore:Optimal order")
def test_epsilon_is_of_the_steps_taken(model, batch):
    from opacus.accountants import RDPAccountant

    own, accountant = started(model, noise=1.2), RDPAccountant()
    for _ in range(3):
        gradients_of(own, model, batch)
        accountant.step(noise_multiplier=1.2, sample_rate=8 / 40)
    assert own.epsilon == accountant.get_epsilon(1e-3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"world_size": 2}, r"hardware.devices must be 1 with method=private, got 2"),
        ({"accumulate_grad_batches": 4}, r"training.accumulate must be 1, .* got 4"),
        (
            {"precision_plugin": SimpleNamespace(scaler=1), "precision": "16-mixed"},
            r"hardware.precision must be 32-true or bf16-mixed with method=private, got 16-mixed",
        ),
        ({"datamodule": SimpleNamespace(sampler=Sampler())}, r"its batches are Poisson samples .* got Sampler"),
    ],
)
def test_what_would_make_epsilon_untrue_is_refused(model, changes, words):
    own = DPSGDCallback(plan=lambda *_: Privacy(0.0, 0.1, 0.1, "rdp"), max_grad_norm=1.0, physical_batch_size=8)
    with pytest.raises(ConfigError, match=words):
        own.setup(trainer_of(model, **changes), MODULE, "fit")


def test_augmentation_that_mixes_samples_is_refused(model):
    own = DPSGDCallback(plan=lambda *_: Privacy(0.0, 0.1, 0.1, "rdp"), max_grad_norm=1.0, physical_batch_size=8)
    with pytest.raises(ConfigError, match="augment must be one that mixes no samples with method=private, got Mixup"):
        own.setup(trainer_of(model), SimpleNamespace(augments=[Mixup()]), "fit")
