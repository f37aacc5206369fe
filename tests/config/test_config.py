from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmexp.config.compose import compose


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_key_tells_what_is_run_and_not_where() -> None:
    elsewhere = ["outputs=elsewhere", "name=x", "baselines=true"]
    keys = [compose(words).key for words in ([], elsewhere, ["seed=1"], ["fusion=gated"])]
    assert keys[0] == keys[1] and len(set(keys)) == 3


def test_what_is_done_to_plain_containers_changes_no_config() -> None:
    config = compose(["fusion=gated"])
    config.plain()["fusion"]["dim"] = "other"
    assert config.plain()["fusion"]["dim"] == config.node.dim


def test_the_modules_are_those_of_the_classes_of_mmexp_that_it_names() -> None:
    modules = compose(["fusion=gated", "scheduler=null", "logger=[]"]).modules
    assert {"mmexp.fusion.gated", "mmexp.encoder.image.cnn"} <= modules
    assert all(one.startswith("mmexp.") for one in modules), "a class of torch is found when it is needed"


def test_settings_are_the_choices_and_the_values_that_are_typed() -> None:
    settings = compose(["fusion=gated", "dim=8", "outputs=elsewhere"]).settings
    assert (settings["fusion"], settings["dim"]) == ("gated", 8)
    assert "outputs" not in settings and "seed" not in settings


def test_the_fold_is_a_setting_also_where_a_file_sets_it() -> None:
    assert (
        compose(["folds=5", "fold=03"]).settings | {"fold": "03", "folds": 5}
        == compose(["folds=5", "fold=03"]).settings
    )
    assert "fold" not in compose([]).settings


def test_where_a_value_comes_from_is_known() -> None:
    config = compose(["fusion.dropout=0.5"])
    assert config.where("fusion.dropout") == "command line"
    place = config.where("fusion.dim")
    assert re.fullmatch(r".*conf/fusion/concat\.yaml:\d+", place) and config.where("dim").rpartition(":")[0].endswith(
        "conf/config.yaml"
    )
