from __future__ import annotations

from typing import Any

import pytest

from mmexp.cli import main
from mmexp.error import ResourceError
from mmexp.logger.mlflow import MlflowLogger
from mmexp.run.folder import RunFolder


@pytest.fixture
def run(lab: Any) -> RunFolder:
    return lab.train("training.epochs=1")  # type: ignore[no-any-return]


def test_a_run_is_sent_by_the_logger_that_is_named_or_that_it_had(run: RunFolder, capsys, monkeypatch):
    sent: list[Any] = []

    def sync(self: MlflowLogger, folder: RunFolder) -> str:
        sent.append((self.server, folder.id))
        return "2 rows imported"

    monkeypatch.setattr(MlflowLogger, "sync", sync)
    assert main(["sync", str(run.path)]) == 0
    assert capsys.readouterr().out == f"{run.id}: no logger with a service; add logger=wandb or logger=mlflow\n"
    assert main(["sync", str(run.path), "logger=mlflow", "logger.mlflow.server=http://a"]) == 0
    assert capsys.readouterr().out == f"{run.id}: mlflow: 2 rows imported\n" and sent == [("http://a", run.id)]
    monkeypatch.setattr(MlflowLogger, "sync", lambda self, folder: fail())
    assert main(["sync", str(run.path), "logger=mlflow"]) == 5
    assert capsys.readouterr().out == f"{run.id}: server must answer, got none. Try again.\n"
    monkeypatch.setattr("mmexp.run.provenance.status_of", lambda folder, record: "running")
    assert main(["sync", str(run.path)]) == 1
    assert "it trains; it can be sent once it has ended" in capsys.readouterr().out


def fail() -> str:
    raise ResourceError("server must answer, got none.", "Try again.")


def test_a_run_must_be_named(capsys: pytest.CaptureFixture[str]):
    assert main(["sync", "logger=mlflow"]) == 2
    assert "RUN must be named, got none" in capsys.readouterr().err
