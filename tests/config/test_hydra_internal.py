from __future__ import annotations

from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from mmexp.config.hydra_internal import Composition, compose_groups
from mmexp.config.override import read
from mmexp.config.refusal import unknown_key
from mmexp.error import ConfigError


@pytest.fixture(autouse=True)
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "config.yaml": "defaults:\n  - _self_\n  - fusion: one\n  - task: ask\n  - experiment: null\ndim: 3\n",
        "fusion/one.yaml": "a: 1\nwidth: ${dim}\n",
        "fusion/two.yaml": "defaults:\n  - one\n  - /part@inner: bolt\n  - _self_\na: 2\n",
        "task/ask.yaml": "b: 1\n",
        "part/bolt.yaml": "size: 1\n",
        "part/nut.yaml": "size: 2\n",
        "experiment/both.yaml": "# @package _global_\ndefaults:\n  - override /fusion: two\ntask: {b: 5}\n",
    }
    for name, text in files.items():
        path = tmp_path / "conf" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "conf"


def composed(*words: str) -> Composition:
    asked = read(words)
    assert asked.problems == []
    return compose_groups(asked.groups)


def test_options_are_merged_under_the_key_of_their_group() -> None:
    result = composed()
    assert (result.node.dim, result.node.fusion.a, result.node.fusion.width) == (3, 1, 3)
    assert result.choices == {"fusion": "one", "task": "ask"}
    assert [one.package for one in result.sources if not one.package.startswith("kind.")] == ["", "fusion", "task"]


def test_an_option_may_build_on_another_and_hold_parts() -> None:
    result = composed("fusion=two", "part@fusion.inner=nut")
    assert result.node.fusion == {"a": 2, "width": 3, "inner": {"size": 2}}
    assert result.choices["part@fusion.inner"] == "nut"


def test_a_component_may_take_every_option_of_a_group(conf: Path) -> None:
    (conf / "task/ask.yaml").write_text("b: 1\nparts: ${every:part}\n")
    result = composed()
    assert result.node.task == {"b": 1, "parts": {"bolt": {"size": 1}, "nut": {"size": 2}}}
    assert [one.package for one in result.sources if one.package.startswith("task.")] == [
        "task.parts.bolt",
        "task.parts.nut",
    ]


def test_an_experiment_holds_only_differences() -> None:
    result = composed("experiment=both")
    assert (result.node.fusion.a, result.node.task.b, result.choices["experiment"]) == (2, 5, "both")
    assert composed("experiment=both", "fusion=one").node.fusion.a == 1


def test_a_group_is_left_out_by_null() -> None:
    assert "task" not in composed("task=null").choices
    assert "task" not in composed("~task").choices
    assert composed("experiment=null").choices == composed().choices


def test_what_is_kept_of_a_composition_is_neither_changed_with_it_nor_older_than_its_files(conf: Path) -> None:
    first = composed("fusion=two")
    first.node.dim, first.choices["task"] = 8, "none"
    first.problems.append("one")
    again = composed("fusion=two")
    assert (again.node.dim, again.choices["task"], again.problems) == (3, "ask", [])
    (conf / "fusion/two.yaml").write_text("a: 7, seven\n")
    assert composed("fusion=two").node.fusion == {"a": "7, seven"}


def test_a_group_that_is_not_listed_is_added() -> None:
    result = composed("part=bolt")
    assert result.choices["part"] == "bolt"
    assert result.problems == [
        f"conf/part/bolt.yaml: {unknown_key('part')}",
    ]


def test_a_group_in_a_place_that_does_not_list_it_is_added_only_with_a_plus() -> None:
    with pytest.raises(ConfigError, match=r"got 'part@fusion.x'. Use \+part@fusion.x=bolt to add it"):
        composed("part@fusion.x=bolt")
    assert composed("+part@fusion.x=bolt").node.fusion.x == {"size": 1}
    assert compose_groups(read(["part@fusion.x=bolt"]).groups, adding=True).node.fusion.x == {"size": 1}


def test_encoders_of_new_modalities_are_added_with_and_without_a_plus(conf: Path) -> None:
    (conf / "encoder/vector").mkdir(parents=True)
    (conf / "encoder/vector/flat.yaml").write_text("_target_: x.Flat\n")
    for plus in ("", "+"):
        result = composed(*(f"{plus}encoder/vector@encoder.{name}=flat" for name in ("left", "right")))
        assert result.problems == [] and list(result.node.encoder) == ["left", "right"]
        assert result.choices["encoder/vector@encoder.left"] == "flat"
    listed = "# @package _global_\ndefaults:\n  - /encoder/vector@encoder.left: flat\nencoder: {left: {size: 3}}\n"
    (conf / "experiment/own.yaml").write_text(listed)
    assert composed("experiment=own").node.encoder == {"left": {"_target_": "x.Flat", "size": 3}}


def test_a_defaults_list_that_names_nothing_is_told_with_its_line(conf: Path) -> None:
    (conf / "experiment/lost.yaml").write_text("# @package _global_\ndefaults:\n  - override /fusion: tow\n")
    with pytest.raises(ConfigError, match=r"^conf/experiment/lost.yaml:3: fusion must be one of .*got 'tow'.*'two'"):
        composed("experiment=lost")
    (conf / "experiment/lost.yaml").write_text("# @package _global_\ndefaults:\n  - override /fusoin: two\n")
    with pytest.raises(ConfigError, match=r"^conf/experiment/lost.yaml:3: group must be .*got 'fusoin'.*'fusion'"):
        composed("experiment=lost")
    (conf / "experiment/lost.yaml").write_text("# @package _global_\ndefaults:\n  - override /part@fusion.y: bolt\n")
    with pytest.raises(ConfigError, match=r"lost.yaml:3: .*'part@fusion.y'. The chosen fusion has no y"):
        composed("experiment=lost")
    (conf / "experiment/lost.yaml").write_text("# @package _global_\ndefaults:\n  - override /prat@fusion.y: bolt\n")
    with pytest.raises(ConfigError, match=r"lost.yaml:3: .*'prat@fusion.y'. Did you mean 'part'"):
        composed("experiment=lost")
    (conf / "experiment/lost.yaml").write_text("# @package _global_\ndefaults: {a: 1, b: 2}\n")
    with pytest.raises(ConfigError, match="config: defaults must be a list that Hydra can follow"):
        composed("experiment=lost")


def test_a_file_that_is_no_mapping_is_refused(conf: Path) -> None:
    (conf / "task/ask.yaml").write_text("- a\n")
    with pytest.raises(ConfigError, match=r"^conf/task/ask.yaml: file must hold keys with values, got a list"):
        composed()


def test_what_does_not_fit_the_root_is_noted_and_the_rest_is_merged(conf: Path) -> None:
    (conf / "experiment/both.yaml").write_text("# @package _global_\nsed: 1\ndim: x\nname: y\n")
    result = composed("experiment=both")
    assert [problem.partition(" ")[0] for problem in result.problems] == [
        "conf/experiment/both.yaml:2:",
        "conf/experiment/both.yaml:3:",
    ]
    assert (result.node.dim, result.node.name) == (3, "y")


def test_no_state_is_left_in_hydra() -> None:
    composed()
    assert not GlobalHydra.instance().is_initialized()
