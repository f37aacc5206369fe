from __future__ import annotations

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from mmexp.config.facts import Facts
from mmexp.error import ConfigError

VALUES = {"classes": {"label": ["cat", "dog"], "kind": ["a"]}, "vocab_size": 7, "tokenizer": {"file": "tokenizer.json"}}
ROOT = OmegaConf.create(
    {
        "dim": 4,
        "task": {
            "target": "kind",
            "outer": "${facts:classes.${task.target}}",
            "classes": "${facts:classes.${.target}}",
            "text": "V=${facts:vocab_size} D=${dim}",
            "deep": [{"size": "${facts:vocab_size}"}],
        },
    }
)


def test_interpolations_are_resolved_also_inside_the_name_of_a_fact() -> None:
    bound = Facts(VALUES).bind(ROOT, "task")
    assert bound["classes"] == bound["outer"] == ["a"]
    assert bound["text"] == "V=7 D=4"
    assert bound["deep"] == [{"size": 7}]
    assert Facts(VALUES).bind(ROOT.task) == bound


def test_plain_containers_are_bound_too() -> None:
    plain = {"task": {"size": "${facts:vocab_size}"}}
    assert Facts(VALUES).bind(plain, "task") == {"size": 7}


def test_facts_of_one_run_do_not_reach_another() -> None:
    node = OmegaConf.create({"size": "${facts:vocab_size}"})
    assert Facts({"vocab_size": 1}).bind(node) == {"size": 1}
    assert Facts({"vocab_size": 2}).bind(node) == {"size": 2}
    assert OmegaConf.to_container(node, resolve=False) == {"size": "${facts:vocab_size}"}


def test_an_encoder_reads_the_facts_of_its_own_modality_over_all_others(tmp_path: Path) -> None:
    modality = {"left": {"width": 3}, "right": {"width": 5, "vocab_size": 9}}
    facts = Facts({**VALUES, "modality": modality}, tmp_path)
    node = {"width": "${facts:width}", "size": "${facts:vocab_size}", "path": "${facts:tokenizer}"}
    path = str(tmp_path / "tokenizer.json")
    assert facts.of("left").bind(node) == {"width": 3, "size": 7, "path": path}
    assert facts.of("right").bind(node) == {"width": 5, "size": 9, "path": path}
    with pytest.raises(ConfigError, match="width: fact must be one that the data gives, got 'width'"):
        facts.of("image").bind(node)


def test_a_null_fact_is_known() -> None:
    assert Facts({"rate": None}).bind({"rate": "${facts:rate}"}) == {"rate": None}


def test_an_unknown_fact_is_told_with_who_asks_and_the_nearest() -> None:
    node = OmegaConf.create({"task": {"a": "${facts:clases.label}", "b": "${facts:vocab}"}})
    with pytest.raises(ConfigError) as caught:
        Facts(VALUES).bind(node, "task")
    first, second = caught.value.problems
    assert first == ("task.a: fact must be one that the data gives, got 'clases.label'. Did you mean 'classes.label'?")
    assert "task.b" in second
    assert "vocab_size" in second


def test_a_component_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match="task must be a component, got None"):
        Facts().bind({}, "task")


def test_facts_come_back_from_the_run_folder_with_paths_of_their_own(tmp_path: Path) -> None:
    facts = Facts.write(tmp_path, VALUES).add(tmp_path, modalities=["image"])
    moved = tmp_path.parent / f"{tmp_path.name}-moved"
    tmp_path.rename(moved)
    again = Facts.read(moved)
    assert facts["tokenizer"] == str(tmp_path / "tokenizer.json")
    assert again["tokenizer"] == str(moved / "tokenizer.json")
    assert again["modalities"] == ["image"]
    assert again["classes.label"] == ["cat", "dog"]
    assert set(again) == {*VALUES, "modalities"}
    assert "classes.none" not in again


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd"])
def test_a_file_outside_the_run_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="file must lie in the run folder, got"):
        Facts.write(tmp_path, {"tokenizer": {"file": name}})
