from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmexp.analysis.config_difference import config_difference, filled, leaves
from mmexp.run.folder import RunFolder

GATED = {"_target_": "mmexp.fusion.gated.GatedFusion", "dim": 8}
MEAN = {"_target_": "mmexp.fusion.mean.MeanFusion", "dim": 8}
Begin = Callable[..., RunFolder]


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    """A run that has kept its config and nothing else."""

    def make(**config: Any) -> RunFolder:
        folder = RunFolder.create(tmp_path, "x")
        folder.start.write_text(json.dumps({"sha256": "", "config": config}))
        return folder

    return make


def keys(a: RunFolder, b: RunFolder) -> list[str]:
    return [leaf.key for one in config_difference(a, b) for leaf in one.leaves]


def test_only_what_differs_is_listed_value_by_value(begin: Begin) -> None:
    training = {"epochs": 3, "batch_size": 8}
    (found,) = config_difference(begin(training=training), begin(training={**training, "epochs": 5}))
    assert (found.key, found.names, found.part) == ("training.epochs", {"a": "3", "b": "5"}, "identity")
    assert found.plain()["leaves"] == [{"key": "training.epochs", "a": 3, "b": 5}]


def test_a_default_that_is_written_out_is_no_difference(begin: Begin) -> None:
    assert keys(begin(fusion=GATED), begin(fusion={**GATED, "temperature": 1.0})) == []
    assert keys(begin(fusion=GATED), begin(fusion={**GATED, "temperature": 2.0})) == ["fusion.temperature"]


def test_another_component_counts_once_by_the_options_that_were_chosen(begin: Begin) -> None:
    a = begin(optimizer={"lr": 0.1}, fusion=GATED, choices={"fusion": "gated"})
    b = begin(optimizer={"lr": 0.2}, fusion=MEAN, choices={"fusion": "mean"})
    component, value = config_difference(a, b)
    assert (component.key, component.names) == ("fusion", {"a": "gated", "b": "mean"})
    assert {leaf.key for leaf in component.leaves} == {"fusion._target_", "fusion.temperature"}
    assert value.key == "optimizer.lr"


def test_an_option_with_another_class_is_named_by_the_class(begin: Begin) -> None:
    chosen = {"fusion": "gated"}
    (found,) = config_difference(begin(fusion=GATED, choices=chosen), begin(fusion=MEAN, choices=chosen))
    assert found.names["b"] == "mmexp.fusion.mean.MeanFusion"


def test_a_component_that_one_run_lacks_counts_as_one(begin: Begin) -> None:
    (found,) = config_difference(begin(sampler=None), begin(sampler={"_target_": "mmexp.x.Y", "size": 3}))
    assert found.names == {"a": "None", "b": "Y"} and len(found.leaves) == 3
    assert found.leaves[1].shown("a") == "not set"


def test_what_follows_from_a_number_of_the_root_belongs_to_it(begin: Begin) -> None:
    (found,) = config_difference(begin(dim=8, fusion=GATED), begin(dim=16, fusion={**GATED, "dim": 16}))
    assert found.key == "dim" and [leaf.key for leaf in found.leaves] == ["dim", "fusion.dim"]


def test_what_changes_no_result_is_marked(begin: Begin) -> None:
    found = config_difference(begin(name="x", seed=0, choices={"task": "vqa"}), begin(name="y", seed=1))
    assert {one.key: one.part for one in found} == {"name": "idle", "seed": "repetition"}


def test_an_encoder_of_no_input_changes_no_result(begin: Begin) -> None:
    a, b = (begin(encoder={"image": {"dim": size}, "text": {"dim": size}}) for size in (1, 2))
    for folder in (a, b):
        folder.facts.write_text(json.dumps({"inputs": ["title"], "modality": {"title": {"kind": "text"}}}))
    assert {one.key: one.part for one in config_difference(a, b)} == {
        "encoder.image.dim": "idle",
        "encoder.text.dim": "identity",
    }


def test_where_the_same_data_lies_changes_no_result(begin: Begin) -> None:
    a, b = begin(dataset={"root": "data"}), begin(dataset={"root": "elsewhere/data"})
    assert [one.part for same in (False, True) for one in config_difference(a, b, same)] == ["identity", "idle"]


def test_a_run_that_kept_no_config_is_said_to(begin: Begin) -> None:
    (found,) = config_difference(begin(), begin(dim=8))
    assert found.names == {"a": "not kept by the run", "b": "kept"} and not found.leaves


def test_a_list_is_one_value_and_defaults_reach_into_it() -> None:
    assert leaves({"inputs": ["a", "b"], "training": {"epochs": 1}}) == {"inputs": ["a", "b"], "training.epochs": 1}
    assert filled([GATED])[0]["temperature"] == 1.0
