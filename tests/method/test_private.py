from __future__ import annotations

import json
import sys

import pytest
from torch import nn

from mmexp.error import ConfigError
from mmexp.method.base import Method
from mmexp.method.frozen import FrozenMethod
from mmexp.method.gradual import GradualMethod
from mmexp.method.private import PrivateMethod
from mmexp.run.metrics import read_metrics
from mmexp.sampler.balanced import BalancedSampler
from mmexp.sampler.poisson import PoissonSampler

pytest.importorskip("opacus", reason="the extra private is not installed")


@pytest.fixture
def run(lab):
    words = ["inputs=[image,text]", "method=private", "method.epsilon=null", "method.noise_multiplier=1.5"]
    return lab, lab.train(*words, "method.accountant=rdp", "training.epochs=2")


@pytest.mark.filterwarnings("ignore:Optimal order")
def test_epsilon_of_a_run_is_that_of_the_accountant_and_is_shown(run):
    from opacus.accountants import RDPAccountant

    lab, folder = run
    found = json.loads(folder.summary.read_text())["privacy"]
    accountant = RDPAccountant()
    for _ in range(8):  # 2 epochs of 12 samples in batches of 3
        accountant.step(noise_multiplier=found["noise_multiplier"], sample_rate=3 / 12)
    assert found["epsilon"] == accountant.get_epsilon(found["delta"]) and found["noise_multiplier"] == 1.5
    assert (found["steps"], found["sample_rate"], found["delta"]) == (8, 0.25, 1 / 12)
    logged = [row["val/epsilon"] for row in read_metrics(folder.metrics) if "val/epsilon" in row]
    assert logged[-1] == pytest.approx(found["epsilon"]) and 0 < logged[0] < logged[-1]
    assert f"epsilon {found['epsilon']:.3g} at delta 0.0833, which is 1 / 12 samples (method.delta sets it)" in lab.said
    assert "8 Poisson samples, each of a rate of 0.25" in lab.said


def test_without_epsilon_and_noise_it_says_that_nothing_is_private():
    method = PrivateMethod(epsilon=None)
    assert method.notes(size=40, batch_size=8, steps=10, pretrained=None) == [
        "method: gradients are clipped without noise, so nothing is private; 10 Poisson samples, each of a rate of 0.2"
    ]
    assert method.summary() == {}


def test_what_a_run_that_it_starts_from_has_seen_is_not_covered():
    method = PrivateMethod(epsilon=None, noise_multiplier=2.0, accountant="rdp")
    notes = method.notes(size=40, batch_size=8, steps=10, pretrained="old/run")
    assert notes[-1] == "method: epsilon does not cover what pretrained=old/run was trained on"
    assert len(notes) == 1 + len(method.notes(size=40, batch_size=8, steps=10, pretrained=None))


def test_a_noise_multiplier_takes_the_place_of_epsilon():
    own = PrivateMethod(epsilon=None, noise_multiplier=1.1, delta=0.01).plan(40, 8, 10)
    assert (own.noise_multiplier, own.sample_rate, own.delta) == (1.1, 0.2, 0.01)


def test_batches_are_poisson_samples_and_no_other_sampler_is_taken():
    assert isinstance(PrivateMethod().sampler(None), PoissonSampler)
    with pytest.raises(ConfigError, match=r"sampler must be null with method=private, .* got BalancedSampler"):
        PrivateMethod().sampler(BalancedSampler(target="label"))


def test_a_batch_norm_that_is_trained_becomes_a_group_norm_and_a_frozen_one_stays(model):
    model.encoders["left"] = nn.Sequential(nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8))
    model.encoders["right"] = nn.Sequential(nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8))
    PrivateMethod(trains=FrozenMethod(parts=["encoders.right"])).prepare(model)
    trained, frozen = model.encoders["left"][1], model.encoders["right"][1]
    assert isinstance(trained, nn.GroupNorm) and isinstance(frozen, nn.BatchNorm2d)
    assert trained.weight.requires_grad and not frozen.weight.requires_grad


def test_a_task_that_compares_samples_is_refused(model):
    model.task.contrasts = True
    rule = "task must have a loss of each sample alone to be trained privately, got Classification, which compares"
    with pytest.raises(ConfigError, match=rule):
        PrivateMethod().prepare(model)


def test_the_method_inside_only_chooses_weights(model):
    with pytest.raises(ConfigError, match=r"method.trains must be one that only chooses the weights, .* GradualMethod"):
        PrivateMethod(trains=GradualMethod()).prepare(model)


def test_without_opacus_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "opacus", None)
    with pytest.raises(
        ConfigError, match="opacus, of the extra private, must be installed to train privately, got none"
    ) as caught:
        PrivateMethod().sampler(None)
    assert caught.value.hint == "Run: pip install opacus"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epsilon": 0.0}, r"epsilon must be positive, got 0\.0"),
        ({"noise_multiplier": 1.0}, r"epsilon must be null where noise_multiplier is given, got 8\.0 and 1\.0"),
        ({"epsilon": None, "noise_multiplier": -1.0}, r"noise_multiplier must be positive, got -1\.0"),
        ({"delta": 1.0}, r"delta must be in \(0, 1\), got 1\.0"),
        ({"max_grad_norm": 0.0}, r"max_grad_norm must be positive, got 0\.0"),
        ({"accountant": "gdp"}, "accountant must be prv or rdp, got gdp"),
        ({"physical_batch_size": 0}, "physical_batch_size must be at least 1, got 0"),
    ],
)
def test_a_number_out_of_range_is_refused(options, words):
    with pytest.raises(ValueError, match=f"PrivateMethod: {words}"):
        PrivateMethod(**options)


def test_it_scales_learning_rates_as_the_method_inside():
    class Half(Method):
        def prepare(self, model):
            model.requires_grad_(True)

        def scale(self, name):
            return 0.5

    assert PrivateMethod(trains=Half()).scale("x") == 0.5 and PrivateMethod().scale("x") == 1.0
