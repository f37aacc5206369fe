from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from mmexp.contract import Batch
from mmexp.method.full import FullMethod
from mmexp.method.ogm_ge import NoiseCallback, OGMGEMethod, everywhere
from mmexp.run.metrics import read_metrics


def gradients(model: Any, batch: Batch, method: OGMGEMethod | None = None) -> dict[str, torch.Tensor]:
    outputs = model(batch)
    losses = {**model.task.losses(outputs, batch), **(method.losses(model, outputs, batch) if method else {})}
    torch.stack(list(losses.values())).sum().backward()
    return {name: weight.grad for name, weight in model.named_parameters() if "unimodal" not in name}


def test_the_gradient_into_the_better_encoder_is_scaled_by_its_coefficient(make_model, model, batch):
    batch.targets["label"].values.values.zero_()
    method = OGMGEMethod(trains=FullMethod(), alpha=0.3)
    plain = gradients(make_model("left", "right"), batch)
    method.prepare(model)
    with torch.no_grad():  # the left head knows the answers
        last = model.unimodal.heads[0].head[-1]
        last.weight.zero_()
        last.bias.copy_(torch.tensor([9.0, -9.0]))
    modulated = gradients(model, batch, method)
    expected = 1 - math.tanh(0.3 * method.scores["left"] / method.scores["right"])
    assert method.coefficient("left") == pytest.approx(expected) and expected < 1
    for name, gradient in modulated.items():
        factor = expected if name.startswith("encoders.left") else 1.0
        torch.testing.assert_close(gradient, factor * plain[name])


def test_noise_is_as_large_as_the_gradients_and_the_same_for_every_process():
    found = []
    for rank in (0, 1):
        torch.manual_seed(rank)
        encoders = torch.nn.Linear(300, 300)
        encoders.weight.grad, encoders.bias.grad = torch.full((300, 300), 5.0), torch.ones(300)
        encoders.weight.grad[0] = -5.0
        (noise,) = [
            one for one in OGMGEMethod(trains=FullMethod(), noise=2.0).callbacks() if isinstance(one, NoiseCallback)
        ]
        module = SimpleNamespace(seed=1, device=torch.device("cpu"), model=SimpleNamespace(encoders=encoders))
        batches = SimpleNamespace(batch_progress=SimpleNamespace(current=SimpleNamespace(ready=4)))
        loop, before = SimpleNamespace(epoch_loop=batches), encoders.weight.grad.clone()
        noise.on_after_backward(SimpleNamespace(fit_loop=loop, global_step=1, accumulate_grad_batches=3), module)
        assert torch.equal(encoders.weight.grad, before)  # more gradients are to come
        noise.on_after_backward(SimpleNamespace(fit_loop=loop, global_step=1, accumulate_grad_batches=2), module)
        assert (encoders.weight.grad - before).std() == pytest.approx(2 * float(before.std()), rel=0.05)
        assert torch.equal(encoders.bias.grad, torch.ones(300))
        found.append(encoders.weight.grad)
    assert torch.equal(*found)


def test_shares_and_coefficients_are_of_all_modalities():
    method = OGMGEMethod(trains=FullMethod(), alpha=1.0)
    method.scores = {"a": 0.5, "b": 0.25, "c": 0.25}
    assert method.numbers() == {
        "share_a": 0.5,
        "share_b": 0.25,
        "share_c": 0.25,
        "coefficient_a": 1 - math.tanh(2.0),
        "coefficient_b": 1.0,
        "coefficient_c": 1.0,
    }


def test_scores_are_means_over_the_samples():
    found = everywhere({"a": torch.tensor(2.0), "b": torch.tensor(0.5)}, 3)
    assert found == {"a": 2.0, "b": 0.5}


@pytest.mark.parametrize(("options", "words"), [({"alpha": -1.0}, "alpha"), ({"noise": -1.0}, "noise")])
def test_a_negative_number_is_refused(options, words):
    with pytest.raises(ValueError, match=rf"{words} must be at least 0, got -1\.0"):
        OGMGEMethod(trains=FullMethod(), **options)


def test_its_shares_are_logged(lab):
    folder = lab.train("method=ogm_ge", "inputs=[image,text]", "training.log_every=1", "training.epochs=1")
    rows = [row for row in read_metrics(folder.metrics) if "train/share_image" in row]
    assert len(rows) == 4 and all(0 < row["train/coefficient_text"] <= 1 for row in rows)
    assert all(row["train/share_image"] + row["train/share_text"] == pytest.approx(1) for row in rows)
