from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mmexp.error import ConfigError, ResourceError
from mmexp.logger import wandb as module
from mmexp.logger.wandb import WandbLogger
from mmexp.run.folder import RunFolder

pytestmark = pytest.mark.filterwarnings("ignore")  # of the library's own making


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "a-name/20260102-030405-0a1b")
    made.path.mkdir(parents=True)
    return made


def test_a_run_is_kept_in_its_folder_with_nothing_of_the_machine(folder: RunFolder, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("wandb", reason="needs pip install 'mmexp[wandb]'")
    monkeypatch.setattr(sys, "argv", ["mmexp", "password=hunter2hunter2"])
    logger = WandbLogger()
    logger.start(folder, {"seed": 3}, {"total": 5})
    for step in (1, 2, 2):
        logger.log({"step": step, "epoch": 0.5, "time": 1.0, "train/loss": 0.5})
    logger.finish("done", {"metrics": {"test/x": 0.25}})
    (kept,) = folder.path.glob("wandb/offline-run-*")
    (record,) = kept.glob("*.wandb")
    assert folder.id in record.name and b"train/loss" in record.read_bytes()
    assert b"hunter2" not in b"".join(path.read_bytes() for path in kept.rglob("*") if path.is_file())
    assert not list(kept.rglob("wandb-metadata.json")) and not list(kept.rglob("requirements.txt"))


def test_without_the_package_there_is_a_hint(folder: RunFolder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(ConfigError, match="package wandb must be installed, got none") as error:
        WandbLogger().open(folder, {}, {})
    assert error.value.hint == "Run: pip install wandb"


@pytest.fixture
def kept(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    (folder.path / "wandb/offline-run-1").mkdir(parents=True)
    monkeypatch.setenv("WANDB_BASE_URL", "http://localhost:1")
    return folder


def test_without_a_network_it_is_said_so_at_once(kept: RunFolder):
    with pytest.raises(ResourceError, match=r"wandb: server must answer, got .*refused of localhost") as error:
        WandbLogger().sync(kept)
    assert error.value.hint == "Try again with a network; nothing is lost until then."


def test_what_was_kept_is_sent_by_its_own_command(kept: RunFolder, monkeypatch: pytest.MonkeyPatch):
    ran: list[list[str]] = []

    def sync(words: list[str], **options: Any) -> Any:
        ran.append(words)
        return SimpleNamespace(returncode=len(ran) - 1, stdout="", stderr="...\nNo API key configured.\n")

    monkeypatch.setattr(subprocess, "run", sync)
    monkeypatch.setattr(module, "_refuse_silent", lambda server: None)
    logger = WandbLogger(project="mine", entity="us")
    assert logger.sync(kept) == "1 sent to http://localhost:1"
    assert ran[0][1:] == [
        *["-m", "wandb", "sync", "--yes", "--project", "mine", "--entity", "us"],
        str(kept.path / "wandb/offline-run-1"),
    ]
    with pytest.raises(ResourceError, match="wandb: server must take the run, got No API key configured"):
        logger.sync(kept)


def test_a_run_that_was_not_kept_is_not_sent(folder: RunFolder):
    assert WandbLogger().sync(folder) == "nothing was logged offline"
