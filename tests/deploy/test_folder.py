from __future__ import annotations

import pytest

from mmexp.deploy.folder import carry, new_folder
from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder


def test_a_folder_is_complete_or_absent(tmp_path):
    with pytest.raises(RuntimeError), new_folder(tmp_path / "export", "record.json") as place:
        (place / "record.json").write_text("{}")
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_an_earlier_one_of_its_kind_is_replaced_whole(tmp_path):
    for name in ("old", "new"):
        with new_folder(tmp_path / "export", "record.json") as place:
            for file in ("record.json", name):
                (place / file).write_text("{}")
    assert {path.name for path in tmp_path.rglob("*")} == {"export", "record.json", "new"}


def test_a_folder_of_another_kind_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    rule = r"folder must be a new one, got one without record.json"
    with pytest.raises(ConfigError, match=rule), new_folder(tmp_path / "mine", "record.json"):
        pass
    assert not list((tmp_path / "mine").iterdir())


def test_what_makes_tensors_is_carried_and_nothing_else(tmp_path):
    run = RunFolder(tmp_path / "run")
    for name in ("config.yaml", "facts.json", "tokenizer.json", "catalogue.jsonl", "metrics.jsonl", "log.txt"):
        (run.path / "models/text").mkdir(parents=True, exist_ok=True)
        (run.path / name).write_text("{}")
    (run.path / "models/text/config.json").write_text("{}")
    (tmp_path / "to").mkdir()
    carry(run, tmp_path / "to")
    kept = {"config.yaml", "facts.json", "tokenizer.json", "catalogue.jsonl", "models"}
    assert {path.name for path in (tmp_path / "to").iterdir()} == kept
    assert (tmp_path / "to/models/text/config.json").is_file()
