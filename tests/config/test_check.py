from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from mmexp.config.check import find_problems
from mmexp.config.compose import compose
from mmexp.config.config import Config
from mmexp.error import ConfigError


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    (tmp_path / "conf/dataset").mkdir(parents=True)
    manifest = "_target_: mmexp.dataset.manifest.Manifest\nmanifest: rows.csv\n"
    (tmp_path / "conf/dataset/scenes.yaml").write_text(manifest)
    monkeypatch.chdir(tmp_path)
    return compose()


def changed(config: Config, key: str, value: Any) -> list[str]:
    node = config.node.copy()
    OmegaConf.update(node, key, value, merge=False)
    return find_problems(Config(node, config.sources))


def test_the_defaults_hold(config: Config) -> None:
    assert find_problems(replace(config)) == []


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("fusion", {"dim": 3}, "fusion must be a component, which names its class in _target_, got none."),
        ("task", None, "task must be a component, got null. Choose one of: anomaly_detection, "),
        ("task", "ask", "task must be a component, got 'ask'. Choose one of: anomaly_detection, "),
        ("fusion._target_", None, "fusion._target_ must be the dotted path of a class, got None."),
        ("fusion._target_", "os.system", "fusion._target_ must lie under one of mmexp, torch.nn"),
        ("fusion._target_", "mmexp.gone.X", "fusion._target_ must lie in a module that exists, got 'mmexp.gone'."),
        ("fusion._target_", "mmexp.fusion.gated.Gatd", "must name a class of mmexp.fusion.gated, got 'Gatd'."),
        ("fusion._target_", "torch.nn.init.zeros_", "must name a class of torch.nn.init, got 'zeros_'."),
        ("fusion._target_", "torch.nn.Identity", "must be a subclass of mmexp.fusion.base.Fusion, got"),
        ("optimizer._target_", "torch.nn.Linear", "must be a subclass of torch.optim.Optimizer, got"),
        ("fusion.pool._target_", "torch.nn.Identity", "must be a subclass of mmexp.pool.base.Pool, got"),
        ("fusion.pool.size", 3, "fusion.pool.size must be an argument of MeanPool, got 'size'. It takes none."),
        ("encoder.image.transform.sise", 3, "encoder.image.transform.sise must be an argument of ImageTransform"),
        ("scheduler.optimizer", "x", "scheduler.optimizer must be left out, because mmexp gives it, got 'x'."),
        ("hardware", {"_target_": "mmexp.hardware.base.Hardware", "accelerator": "tpu"}, "must be one of 'cpu', 'gpu'"),
        ("inputs", [], "inputs must name each modality once, got []."),
        ("seed", 2**32, "seed must be in [0, 2**32), got 4294967296."),
        ("dim", "???", "dim must be given, got none. Set dim=<value>."),
        ("dataset.inputs", "a:b", "got 'a:b'. In a shell braces need quotes: 'dataset.inputs={a:b,...}'."),
    ],
)
def test_each_rule_is_told_with_its_value(config: Config, key: str, value: Any, text: str) -> None:
    problems = changed(config, key, value)
    assert any(text in problem for problem in problems), problems


def test_an_argument_that_is_not_given_is_told_at_its_class(config: Config) -> None:
    del config.node.fusion["dim"]
    (problem,) = find_problems(replace(config))
    assert problem.endswith("fusion.dim must be given to ConcatFusion, got none. Set fusion.dim=<value>.")
    assert "fusion/concat.yaml:" in problem


def test_components_in_lists_and_dictionaries_are_checked(config: Config) -> None:
    part = {"_target_": "torch.nn.Linear", "in_feature": 2, "out_features": 3}
    (first, second) = changed(config, "task.dropout", [{"head": part}])[-2:]
    assert "task.dropout.0.head.in_feature must be an argument of Linear" in first
    assert "task.dropout.0.head.in_features must be given to Linear" in second


def test_what_waits_for_a_fact_fits(config: Config) -> None:
    assert changed(config, "fusion.dim", "${facts:dim}") == []


def test_inputs_may_have_names_of_ones_own_if_the_dataset_is_told_them(config: Config) -> None:
    config.node.inputs = ["left", "rihgt"]
    config.node.dataset["inputs"] = {"left": "l", "right": "r"}
    (problem,) = find_problems(replace(config))
    assert "inputs must be modalities that have an encoder, got 'rihgt'" in problem


def test_inputs_of_a_table_without_names_of_ones_own_are_refused_only_if_they_are_mistyped(config: Config) -> None:
    assert changed(config, "inputs", ["history"]) == []
    (problem,) = changed(config, "inputs", ["imgae"])
    assert "inputs must be modalities that have an encoder, got 'imgae'. Did you mean 'image'?" in problem


def test_inputs_of_a_dataset_that_names_them_itself_are_left_to_it(config: Config) -> None:
    config.node.dataset = {"_target_": "mmexp.dataset.scenes.Scenes"}
    assert changed(config, "inputs", ["left"]) == []


def test_all_problems_are_raised_at_once(config: Config) -> None:
    config.node.fusion["dmi"] = 1
    config.node.seed = -1
    assert len(find_problems(replace(config))) == 2


@pytest.mark.parametrize("word", ["name=hf_a1b2c3d4e5f6a7b8", "outputs=runs/ghp_a1b2c3d4e5f6a7b8"])
def test_no_folder_is_called_by_a_secret(word: str) -> None:
    with pytest.raises(
        ConfigError, match=r"must hold no secret, because folders are called by it, got .*REDACTED"
    ) as caught:
        compose([word])
    assert "a1b2c3d4" not in str(caught.value)


def test_a_plugin_that_does_not_exist_is_named() -> None:
    with pytest.raises(
        ConfigError, match="plugins must be packages that are installed or lie here, got 'nosuchplugin'"
    ):
        compose(["plugins=[nosuchplugin]"])


@pytest.mark.parametrize("hardware", ["auto", "cpu"])
def test_a_choice_behind_an_alias_of_another_module_is_checked(hardware: str) -> None:
    with pytest.raises(ConfigError, match=r"hardware.precision must be one of '32-true', .*, got 'bf17'"):
        compose([f"hardware={hardware}", "hardware.precision=bf17"])


def test_a_component_of_several_by_name_is_not_mistyped_in_silence() -> None:
    with pytest.raises(ConfigError, match=r"task\.masking\.imgae must be a component, .* Did you mean 'image'"):
        compose(["task=pretraining", "task.masking.imgae.ratio=0.3"])
    assert compose(["task=pretraining", "task.masking.text=null"]).plain()["task"]["masking"]["text"] is None
