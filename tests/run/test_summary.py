from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from mmexp.run import index, summary
from mmexp.run import provenance as manifest
from mmexp.run.folder import RunFolder
from mmexp.run.summary import neighbours, row, rows

SUMMARY: dict[str, Any] = {
    "status": "done",
    "monitor": "val/accuracy",
    "mode": "max",
    "metrics": {"val/accuracy": 0.5, "test/accuracy": 0.4, "test/f1": math.nan},
    "parameters": {"total": 100, "trained": 10},
    "seconds": {"train": 2.0, "test": 0.5},
    "config": {"fusion": "gated", "task": "vqa", "dataset": "world", "seed": 1, "inputs": ["image", "text"]},
    "fingerprint": "ab",
}


def done(outputs: Path, name: str = "x") -> RunFolder:
    folder = RunFolder.create(outputs, name)
    summary.write(folder, SUMMARY)
    return folder


def test_what_is_written_is_strict_and_comes_back(tmp_path: Path) -> None:
    folder = done(tmp_path)
    assert json.loads(folder.summary.read_text(), parse_constant=pytest.fail) == summary.read(folder)
    assert summary.read(folder) == {**SUMMARY, "metrics": {**SUMMARY["metrics"], "test/f1": None}}


def test_a_finished_run_is_read_from_its_summary_alone(tmp_path: Path) -> None:
    found = row(done(tmp_path))
    assert (found.status, found.parameters, found.seconds, found.fingerprint) == ("done", 100, 2.0, "ab")
    assert found.config == SUMMARY["config"]
    assert found.metrics["test/f1"] is None


def test_an_unfinished_run_is_read_from_its_manifest(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "x")
    manifest.begin(folder, command=["mmexp"], seed=7, fingerprint="ab", config={"fusion": "concat"})
    assert row(folder).status == "killed"
    manifest.finish(folder, "failed", seconds=3.0, reason="loss is nan")
    found = row(folder)
    assert (found.status, found.reason, found.seconds) == ("failed", "loss is nan", 3.0)
    assert found.config == {"fusion": "concat", "seed": 7}


@pytest.mark.parametrize("where", ["summary", "manifest"])
@pytest.mark.parametrize("text", ["{half", "[]", "\x00", '{"status": "done"}', '{"status": "done", "config": 3}'])
def test_a_broken_file_breaks_its_run_only(tmp_path: Path, where: str, text: str) -> None:
    good, bad = done(tmp_path), RunFolder.create(tmp_path, "y")
    getattr(bad, where).write_text(text)
    found = {one.folder.id: one for one in rows(tmp_path)}
    assert found[good.id].status == "done"
    assert found[bad.id].status == "broken"
    assert found[bad.id].reason


def test_a_half_deleted_run_says_what_is_missing(tmp_path: Path) -> None:
    empty = RunFolder.create(tmp_path, "x")
    assert (row(empty).status, row(empty).reason) == ("broken", "manifest.json is missing")
    manifest.begin(empty, command=[], seed=0)
    manifest.finish(empty, "done", seconds=1.0)
    assert (row(empty).status, row(empty).reason) == ("broken", "summary.json is missing")


def test_moved_and_renamed_runs_are_still_read(tmp_path: Path) -> None:
    first, second = done(tmp_path, "a"), done(tmp_path, "a")
    shutil.move(first.path, tmp_path / "a" / "my-best")
    (tmp_path / "elsewhere").mkdir()
    shutil.copytree(second.path, tmp_path / "elsewhere" / second.id)
    assert [one.status for one in rows(tmp_path)] == ["done"] * 3


def test_neighbours_are_all_runs_in_the_same_outputs_each_once(tmp_path: Path) -> None:
    one, other = done(tmp_path / "a"), done(tmp_path / "a", "y")
    done(tmp_path / "b")
    assert {found.folder.path for found in neighbours([one, other, one])} == {one.path, other.path}
    assert len(neighbours([one, other])) == 2


def test_no_outputs_have_no_rows(tmp_path: Path) -> None:
    assert rows(tmp_path / "outputs") == []


def test_marks_come_from_the_other_files_of_a_run_whatever_their_state(tmp_path: Path) -> None:
    folder = done(tmp_path)
    assert (row(folder).dirty, row(folder).resumed, row(folder).tags, row(folder).note) == (False, 0, (), "")
    folder.manifest.write_text(json.dumps({"git": {"dirty": True}, "resumed": ["a", "b"]}))
    folder.annotation.write_text(json.dumps({"tags": ["paper"], "note": "kept"}))
    assert (row(folder).dirty, row(folder).resumed, row(folder).tags, row(folder).note) == (True, 2, ("paper",), "kept")
    folder.manifest.write_text("{half")
    folder.annotation.write_text("{half")
    assert (row(folder).status, row(folder).dirty, row(folder).tags) == ("done", False, ())


def test_what_is_remembered_of_runs_is_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "FEWEST", 1)
    monkeypatch.setattr(index, "_SETTLED", -1)
    folders = [done(tmp_path), done(tmp_path, "y"), RunFolder.create(tmp_path, "x")]
    privacy = {"epsilon": None, "delta": 1e-5}
    summary.write(folders[0], {**SUMMARY, "origins": {"encoder.image": {}}, "alone": ["image"], "privacy": privacy})
    folders[0].annotation.write_text(json.dumps({"tags": ["paper"]}))
    manifest.begin(folders[2], command=["mmexp"], seed=7, config={"fusion": "concat"})
    found = summary.read_rows(folders)
    assert found == [row(folder) for folder in folders] and found[0].epsilon == math.inf
    real, read = summary.row, []
    monkeypatch.setattr(summary, "row", lambda folder: read.append(folder) or real(folder))
    assert summary.read_rows(folders) == found
    assert read == [folders[2]]  # a killed run is one only as long as nobody holds it


@pytest.mark.parametrize(
    ("config", "is_fusion"),
    [
        ({"inputs": ["image", "text"]}, True),
        ({"inputs": ["image", "text"], "control": None}, True),
        ({"inputs": ["image", "text"], "control": "blank"}, False),
        ({"inputs": ["image"]}, False),
        ({}, False),
    ],
)
def test_only_several_real_inputs_are_a_fusion(tmp_path: Path, config: dict[str, Any], is_fusion: bool) -> None:
    folder = RunFolder.create(tmp_path, "x")
    summary.write(folder, {**SUMMARY, "config": config, "alone": ["image"]})
    assert row(folder).is_fusion is is_fusion
    assert row(folder).alone == ("image",)
