from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf
from torch import nn

from mmexp.config.facts import Facts
from mmexp.config.instantiate import instantiate, refuse_target
from mmexp.error import ConfigError
from mmexp.fusion.base import Fusion

PART = """
from mmexp.fusion.base import Fusion

class Toy(Fusion):
    def __init__(self, *, dim, modalities, temperature=1.0, inner=None, layers=()):
        super().__init__(dim=dim, modalities=modalities)
        if temperature <= 0:
            raise ValueError(f"Toy: temperature must be > 0, got {temperature}.")
        self.inner, self.layers = inner, layers

    def forward(self, tokens): ...
    def onto(self, anchor, context): ...

def function(dim, modalities):
    open("canary", "w").close()
"""
TOY = {"_target_": "toy_build.part.Toy", "dim": 4, "modalities": ["image"]}


@pytest.fixture(autouse=True)
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in [name for name in sys.modules if name.startswith("toy_build")]:
        monkeypatch.delitem(sys.modules, name)
    (tmp_path / "toy_build").mkdir()
    (tmp_path / "toy_build/__init__.py").write_text("")
    (tmp_path / "toy_build/part.py").write_text(PART)
    (tmp_path / "toy_build/broken.py").write_text("raise RuntimeError('no such device')\n")
    return tmp_path


def test_a_class_of_a_plugin_in_the_working_folder_is_built() -> None:
    fusion = instantiate("fusion", TOY, plugins=["toy_build"])
    assert isinstance(fusion, Fusion)
    assert fusion.modalities == ("image",)


def test_parts_inside_arguments_are_built_wherever_they_stand() -> None:
    linear = {"_target_": "torch.nn.Linear", "in_features": 2, "out_features": 3}
    node = {**TOY, "inner": {"head": linear}, "layers": [linear, 5]}
    fusion = instantiate("fusion", node, plugins=["toy_build"])
    assert isinstance(fusion.inner["head"], nn.Linear)
    assert isinstance(fusion.layers[0], nn.Linear)
    assert fusion.layers[1] == 5


def test_parts_of_the_caller_reach_the_constructor() -> None:
    node = OmegaConf.create({"rate": 0.5, "optimizer": {"_target_": "torch.optim.SGD", "lr": "${rate}"}})
    optimizer = instantiate("optimizer", node.optimizer, params=[nn.Parameter(torch.zeros(1))])
    assert optimizer.param_groups[0]["lr"] == 0.5
    scheduler = {"_target_": "mmexp.scheduler.cosine.CosineScheduler"}
    assert instantiate("scheduler", scheduler, optimizer=optimizer, total_steps=3).optimizer is optimizer


def test_null_leaves_a_scheduler_out() -> None:
    assert instantiate("scheduler", None) is None


def test_a_fact_must_have_been_put_in() -> None:
    node = OmegaConf.create({"fusion": {**TOY, "modalities": "${facts:modalities}"}})
    with pytest.raises(ConfigError, match=r"fusion.modalities: fact must be one that the data gives, got 'modalities'"):
        instantiate("fusion", node.fusion, plugins=["toy_build"])
    bound = Facts({"modalities": ["text"]}).bind(node, "fusion")
    assert instantiate("fusion", bound, plugins=["toy_build"]).modalities == ("text",)


@pytest.mark.parametrize(
    "target", ["os.system", "torch.hub.load", "subprocess.Popen", "toy_build.part.Toy", "mmexpert.X", "torch.jit.load"]
)
def test_a_name_outside_the_allowed_prefixes_is_refused_before_it_is_imported(target: str) -> None:
    with pytest.raises(ConfigError, match=r"fusion._target_ must lie under one of mmexp, torch.nn.*got"):
        instantiate("fusion", {**TOY, "_target_": target})
    assert "toy_build" not in sys.modules


@pytest.mark.parametrize("target", [None, 3, "", "mmexp.", "mmexp./etc/passwd", "mmexp..x", "mmexp.a b"])
def test_a_name_that_is_no_dotted_path_is_refused(target: object) -> None:
    with pytest.raises(ConfigError, match=r"_target_ must (be the dotted path of a class|lie under)"):
        instantiate("fusion", {"_target_": target})


@pytest.mark.parametrize(
    "target", ["torch.nn.Linear", "torch.nn.init.zeros_", "mmexp.error.ConfigError", "toy_build.part.function"]
)
def test_what_is_no_subclass_of_the_slots_base_is_refused_and_not_called(plugin: Path, target: str) -> None:
    with pytest.raises(ConfigError, match=r"fusion._target_ must be a subclass of mmexp.fusion.base.Fusion, got"):
        instantiate("fusion", {**TOY, "_target_": target}, plugins=["toy_build"])
    assert not (plugin / "canary").exists()


def test_a_part_must_be_a_module_or_a_transform() -> None:
    node = {**TOY, "inner": {"_target_": "torch.optim.SGD", "lr": 1}}
    with pytest.raises(ConfigError, match=r"fusion.inner._target_ must be a subclass of torch.nn.Module or"):
        instantiate("fusion", node, plugins=["toy_build"])


def test_a_constructor_that_refuses_a_value_is_told_with_key_and_value() -> None:
    with pytest.raises(ConfigError, match=r"^fusion.temperature=-1: Toy: temperature must be > 0, got -1"):
        instantiate("fusion", {**TOY, "temperature": -1}, plugins=["toy_build"])
    with pytest.raises(ConfigError, match=r"^encoder.image.temperature=0: "):
        instantiate("fusion", {**TOY, "temperature": 0}, plugins=["toy_build"], at="encoder.image")


@pytest.mark.parametrize("key", ["_partial_", "_args_", "_convert_", "_recursive_", "dmi"])
def test_keys_of_other_factories_are_unknown_arguments(key: str) -> None:
    with pytest.raises(ConfigError, match=f"unexpected keyword argument '{key}'"):
        instantiate("fusion", {**TOY, key: True}, plugins=["toy_build"])


def test_a_plugin_that_fails_to_import_is_named() -> None:
    with pytest.raises(ConfigError, match=r"got 'toy_build.broken.X' \(RuntimeError: no such device\)"):
        instantiate("fusion", {"_target_": "toy_build.broken.X"}, plugins=["toy_build"])
    with pytest.raises(ConfigError, match="Did you mean 'GatedFusion'"):
        instantiate("fusion", {"_target_": "mmexp.fusion.gated.GatedFuson"})


def test_a_hint_to_trust_a_package_is_given_only_for_one_that_could_be_the_users_own() -> None:
    assert "plugins=[mine]" in refuse_target("mine.part.X")
    assert "plugins=[" not in refuse_target("os.system") + refuse_target("torch.hub.load")
    assert refuse_target("mine.part.X", ["mine"]) == ""
