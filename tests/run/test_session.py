from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmexp.error import ConfigError, NumericsError, Stopped
from mmexp.run.folder import RunFolder
from mmexp.run.lock import is_held
from mmexp.run.provenance import status
from mmexp.run.session import record
from mmexp.run.signals import SignalReceived

KNOWN: dict[str, Any] = {"command": ["mmexp", "train"], "seed": 3, "config": {"task": "retrieval"}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setattr("mmexp.run.provenance.code_state", lambda folder: None)
    return RunFolder.create(tmp_path, "x")


def test_a_run_is_locked_and_running_until_it_is_done(folder):
    with record(folder, **KNOWN):
        assert is_held(folder) and status(folder) == "running"
        written = json.loads(folder.manifest.read_text())
        assert written["seed"] == 3 and written["config"] == {"task": "retrieval"}
    assert not is_held(folder) and status(folder) == "done"
    assert json.loads(folder.manifest.read_text())["reason"] == ""


@pytest.mark.parametrize(
    ("fault", "end", "reason"),
    [
        (Stopped("Training: stopped at step 3."), "stopped", "Training: stopped at step 3."),
        (SignalReceived(15), "stopped", "got SIGTERM"),
        (KeyboardInterrupt(), "stopped", "interrupted"),
        (NumericsError("Training: loss must be finite."), "failed", "NumericsError: Training: loss must be finite."),
        (SystemExit(1), "failed", "SystemExit: 1"),
        (RuntimeError("token=sk-abcdefgh12345678"), "failed", "RuntimeError: token=REDACTED"),
    ],
)
def test_whatever_ends_a_run_is_on_disk_and_raised(folder, fault, end, reason):
    with pytest.raises(type(fault)), record(folder, **KNOWN):
        raise fault
    written = json.loads(folder.manifest.read_text())
    assert (written["status"], written["reason"]) == (end, reason)
    assert not is_held(folder)


def test_seconds_add_up_over_resuming(folder):
    for _ in range(2):
        with record(folder, **KNOWN):
            pass
        written = json.loads(folder.manifest.read_text())
        folder.manifest.write_text(json.dumps(written | {"seconds": written["seconds"] + 100}))
    assert 200 <= json.loads(folder.manifest.read_text())["seconds"] < 210


def test_a_run_that_another_has_is_left_alone(folder):
    with record(folder, **KNOWN):
        with pytest.raises(ConfigError, match="must be free, got locked by"), record(folder, **KNOWN):
            pytest.fail("two have one run")
        assert status(folder) == "running"
