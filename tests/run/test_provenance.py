from __future__ import annotations

import getpass
import json
import os
import platform
import socket
from datetime import datetime
from pathlib import Path

import pytest

from mmexp.error import DataError
from mmexp.run.folder import RunFolder
from mmexp.run.lock import Lock
from mmexp.run.provenance import add_fingerprint, add_monitor, begin, finish, status


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, "x")


def read(folder: RunFolder) -> dict[str, object]:
    content = json.loads(folder.manifest.read_text())
    return dict(content)


def start(folder: RunFolder) -> None:
    begin(folder, command=["mmexp", "train", "fusion=gated"], seed=3, fingerprint="ab", config={"fusion": "gated"})


def test_it_tells_what_produced_the_run(folder: RunFolder) -> None:
    start(folder)
    record = read(folder)
    assert record["command"] == ["mmexp", "train", "fusion=gated"]
    assert (record["seed"], record["fingerprint"], record["config"]) == (3, "ab", {"fusion": "gated"})
    assert record["python"] == platform.python_version()
    assert (record["host"], record["pid"]) == (socket.gethostname(), os.getpid())
    assert record["packages"]["numpy"]  # type: ignore[index]
    assert record["cpu"]["count"] >= 1  # type: ignore[index]
    started = datetime.fromisoformat(str(record["started"]))
    assert started.utcoffset() is not None


def test_a_run_is_running_while_its_lock_is_held_and_killed_after(folder: RunFolder) -> None:
    with Lock(folder):
        start(folder)
        assert status(folder) == "running"
    assert status(folder) == "killed"


def test_a_dead_pid_in_an_old_manifest_is_a_killed_run(folder: RunFolder) -> None:
    folder.manifest.write_text(json.dumps({"status": "running", "pid": 2**22 + 1}))
    assert status(folder) == "killed"


def test_a_run_of_another_machine_is_said_to_run_there(folder: RunFolder) -> None:
    folder.manifest.write_text(json.dumps({"status": "running", "host": "elsewhere"}))
    assert status(folder) == "running on elsewhere"


@pytest.mark.parametrize("end", ["done", "failed", "stopped"])
def test_it_ends_once(folder: RunFolder, end: str) -> None:
    start(folder)
    finish(folder, end, seconds=2.5, reason="because")
    assert status(folder) == end
    assert (read(folder)["seconds"], read(folder)["reason"]) == (2.5, "because")
    with pytest.raises(ValueError, match=f"status must be running to become failed, got '{end}'"):
        finish(folder, "failed", seconds=1.0)
    assert status(folder) == end


def test_an_end_that_is_none_is_refused(folder: RunFolder) -> None:
    start(folder)
    with pytest.raises(ValueError, match="status must be one of done, failed, stopped, got 'killed'"):
        finish(folder, "killed", seconds=1.0)


def test_a_resumed_run_keeps_its_start_and_adds_its_seconds(folder: RunFolder) -> None:
    start(folder)
    first = read(folder)["started"]
    finish(folder, "stopped", seconds=10.0)
    start(folder)
    assert read(folder)["reason"] == ""
    finish(folder, "done", seconds=5.0)
    record = read(folder)
    assert (record["started"], record["seconds"]) == (first, 15.0)
    assert len(record["resumed"]) == 1  # type: ignore[arg-type]


def test_a_resumed_run_keeps_the_words_it_was_first_typed_with(folder: RunFolder) -> None:
    start(folder)
    finish(folder, "stopped", seconds=1.0)
    begin(folder, command=["mmexp", "train", "resume=last"], seed=3)
    assert read(folder)["command"] == ["mmexp", "train", "fusion=gated"]


def test_no_secret_is_written(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "fromtheenvironment")
    begin(
        folder,
        command=["mmexp", "train", "hub.token=fromthecommand", "url=https://me:fromtheurl@host/x"],
        seed=0,
        config={"api_key": "fromtheconfig", "note": "fromtheenvironment"},
    )
    finish(folder, "failed", seconds=1.0, reason="refused: password='fromtheexception'")
    written = "".join(path.read_text() for path in folder.path.rglob("*") if path.is_file())
    for source in ("environment", "command", "url", "config", "exception"):
        assert f"fromthe{source}" not in written


def test_the_user_is_not_named(folder: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ada-lovelace" / "lab").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "ada-lovelace"))
    monkeypatch.chdir(tmp_path / "ada-lovelace" / "lab")
    start(folder)
    assert read(folder)["cwd"] == "~/lab"
    assert "user" not in read(folder)
    assert getpass.getuser() not in map(str, read(folder).values())


def test_a_broken_manifest_is_named(folder: RunFolder) -> None:
    folder.manifest.write_text("{half")
    with pytest.raises(DataError, match=r"manifest\.json: file must be JSON"):
        status(folder)


def test_the_fingerprint_is_added_once_the_data_is_read(folder: RunFolder) -> None:
    begin(folder, command=["mmexp"], seed=0)
    before = read(folder)
    add_fingerprint(folder, "cd")
    assert read(folder) == before | {"fingerprint": "cd"}
    add_monitor(folder, "val/loss")
    assert read(folder) == before | {"fingerprint": "cd", "monitor": "val/loss"}
