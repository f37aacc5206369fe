from __future__ import annotations

import pytest
import torch
from torch import nn

from mmexp.error import ConfigError
from mmexp.method.per_sample import PerSampleGradients


def objective_of(model):
    return lambda batch: model.task.losses(model(batch), batch)


def alone(model, batch):
    """The gradient of each row, taken by itself."""
    found = {name: [] for name, _ in model.named_parameters()}
    for i in range(len(batch)):
        model.zero_grad()
        sum(objective_of(model)(batch.rows(slice(i, i + 1))).values()).backward()
        for name, weight in model.named_parameters():
            found[name].append(weight.grad.clone())
    return {name: torch.stack(rows) for name, rows in found.items()}


def test_they_are_the_gradients_of_each_sample_by_itself_in_both_ways(model, batch):
    gradients, expected = PerSampleGradients(model, objective_of(model)), alone(model, batch)
    found, losses = gradients(batch)
    assert gradients.at_once and found.keys() == expected.keys()
    one_by_one, same_losses = gradients.one_by_one(batch)
    for name in found:
        torch.testing.assert_close(found[name], expected[name])
        torch.testing.assert_close(one_by_one[name], expected[name])
    torch.testing.assert_close(losses, same_losses)
    assert all(value.shape == (len(batch),) for value in losses.values())


def test_only_trained_weights_have_some(model, batch):
    model.encoders["left"].requires_grad_(False)
    found, _ = PerSampleGradients(model, objective_of(model))(batch)
    assert not any(name.startswith("encoders.left") for name in found) and len(found) > 2


def test_what_vmap_cannot_is_computed_one_by_one(model, batch):
    plain = objective_of(model)

    def choosing(rows):
        losses = plain(rows)
        return {name: value * (2.0 if float(value.detach()) > 0 else 1.0) for name, value in losses.items()}

    gradients, expected = PerSampleGradients(model, choosing), alone(model, batch)
    found, _ = gradients(batch)
    assert gradients.at_once is False
    torch.testing.assert_close(found["encoders.left.weight"], 2 * expected["encoders.left.weight"])


def test_texts_of_one_sample_are_never_taken_for_those_of_another(model, batch):
    plain = objective_of(model)

    def reading(rows):
        factor = {"a": 1.0, "b": 3.0}.get(rows.ids[0], 1.0)
        return {name: factor * value for name, value in plain(rows).items()}

    gradients, expected = PerSampleGradients(model, reading), alone(model, batch)
    found, _ = gradients(batch)
    assert gradients.at_once is False
    torch.testing.assert_close(found["encoders.left.bias"][1], 3 * expected["encoders.left.bias"][1])


def test_a_sample_without_a_loss_has_a_gradient_of_zero(model, batch):
    labelled = batch.targets["label"].values.mask
    labelled[2] = False
    found, _ = PerSampleGradients(model, objective_of(model))(batch)
    sizes = found["encoders.left.weight"].abs().amax((1, 2))
    assert float(sizes[2]) == 0 < float(sizes[1])


def test_a_sample_whose_gradient_is_not_finite_counts_as_zero_and_is_said(model, batch, caplog):
    batch.inputs["left"].values[3, 0] = torch.inf
    found, _ = PerSampleGradients(model, objective_of(model))(batch)
    assert f"The gradients of 1 of {len(batch)} samples are not finite, and count as zero." in caplog.text
    assert all(bool(own.isfinite().all()) for own in found.values())
    assert all(float(own[3].abs().max()) == 0 for own in found.values())
    assert float(found["encoders.left.weight"][4].abs().max()) > 0


def test_a_model_that_keeps_statistics_is_refused(model, batch):
    norm = nn.InstanceNorm1d(1, track_running_stats=True)
    model.encoders["left"] = nn.Sequential(nn.Unflatten(1, (1, 4)), norm, nn.Flatten(), nn.Linear(4, 4))
    rule = "model must keep no statistics of what it reads, .* got running_mean of InstanceNorm1d at encoders.left.1"
    with pytest.raises(ConfigError, match=rule):
        PerSampleGradients(model, objective_of(model))(batch)


def test_a_model_that_needs_several_samples_is_refused(model, batch):
    model.encoders["left"] = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    with pytest.raises(ConfigError, match="must have a loss of one sample alone, got: Expected more than 1 value"):
        PerSampleGradients(model, objective_of(model))(batch)
