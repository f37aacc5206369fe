from __future__ import annotations

from pathlib import Path

import pytest
from hydra._internal import defaults_list

from mmexp.config import hydra_defaults
from mmexp.config.hydra_internal import Composition, compose_groups
from mmexp.config.override import read


@pytest.fixture(autouse=True)
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "config.yaml": "defaults:\n  - _self_\n  - task: ask\n  - fusion: ${task}_one\n",
        "task/ask.yaml": "b: 1\n",
        "task/tell.yaml": "b: 2\n",
        "fusion/ask_one.yaml": "a: 1\n",
        "fusion/tell_one.yaml": "a: 2\n",
    }
    for name, text in files.items():
        path = tmp_path / "conf" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)


def composed(*words: str) -> Composition:
    return compose_groups(read(words).groups)


def test_a_default_may_refer_to_another_choice() -> None:
    assert composed().choices == {"task": "ask", "fusion": "ask_one"}
    assert composed("task=tell").node.fusion == {"a": 2}


def test_choices_are_collected_for_files_whose_defaults_refer_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    collected: list[list[str]] = []
    full = hydra_defaults._all_choices

    def collect(overrides, defaults, self_added):
        collected.append([one.get_name() for one in defaults if not one.is_self()])
        return full(overrides, defaults, self_added)

    monkeypatch.setattr(hydra_defaults, "_all_choices", collect)
    composed("task=tell")
    assert collected == [["tell", "${task}_one"]]


def test_hydra_calls_what_is_put_in_place_of_its_own() -> None:
    assert defaults_list._create_interpolation_map is hydra_defaults._choices
