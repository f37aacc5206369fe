from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from mmexp.error import ConfigError, ResourceError
from mmexp.logger.mlflow import MlflowLogger
from mmexp.run.folder import RunFolder

pytestmark = pytest.mark.filterwarnings("ignore")  # of the library's own making


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A client of a database, which stands for a server."""
    reason = "needs pip install 'mmexp[mlflow]'"
    pytest.importorskip("mlflow", reason=reason)
    pytest.importorskip("sqlalchemy", reason=reason)
    from mmexp.logger.mlflow import _client

    return _client(f"sqlite:///{tmp_path_factory.mktemp('server') / 'mlflow.db'}")


@pytest.fixture
def server(client: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("mmexp.logger.mlflow._client", lambda address: client)
    return client


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / f"a-name/20260102-030405-{abs(hash(tmp_path)) % 65536:04x}")
    made.path.mkdir(parents=True)
    record = {"status": "done", "started": "2026-01-02T03:04:05+00:00", "seconds": 9.0}
    made.manifest.write_text(json.dumps(record))
    made.start.write_text(json.dumps({"config": {"task": {"name": "x"}, "seed": 3}}))
    made.summary.write_text(json.dumps({"metrics": {"test/x": 0.25}, "parameters": {"total": 5}}))
    rows = [{"step": step, "epoch": 0.5, "time": float(step), "train/loss": step / 10} for step in (1, 2)]
    made.metrics.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return made


def run_at(client: Any, folder: RunFolder) -> Any:
    place = client.get_experiment_by_name("mmexp").experiment_id
    runs = client.search_runs([place], f"tags.`mmexp.run` = '{folder.id}'")
    assert len(runs) == 1
    return runs[0]


@pytest.mark.slow
def test_a_run_is_logged_and_a_resumed_one_goes_on_in_the_same_place(server: Any, folder: RunFolder):
    for step, status in ((1, "stopped"), (2, "done")):
        logger = MlflowLogger()
        logger.start(folder, {"task": {"a@b": "x"}, "seed": 3}, {"total": 5})
        logger.log({"step": step, "epoch": 0.5, "time": 1.0, "train/loss": step / 10})
        logger.finish(status, {"metrics": {"test/x": 0.25}} if status == "done" else {})
    run = run_at(server, folder)
    assert run.info.status == "FINISHED" and run.info.run_name == folder.id
    assert run.data.params == {"task.a_b": "x", "seed": "3", "parameters.total": "5"}
    assert run.data.metrics == {"train/loss": 0.2, "final/test/x": 0.25}
    assert [one.step for one in server.get_metric_history(run.info.run_id, "train/loss")] == [1, 2]


@pytest.mark.slow
def test_a_run_is_imported_from_its_own_files_once(server: Any, folder: RunFolder):
    logger = MlflowLogger(server="http://localhost:1")
    assert logger.sync(folder) == "2 rows imported to http://localhost:1"
    run = run_at(server, folder)
    assert run.info.end_time - run.info.start_time == 9000 and run.data.metrics["final/test/x"] == 0.25
    assert [one.step for one in server.get_metric_history(run.info.run_id, "train/loss")] == [1, 2]
    assert logger.sync(folder) == "it is at http://localhost:1 already"


@pytest.mark.slow
def test_an_import_that_fails_leaves_nothing_and_one_that_was_killed_is_done_again(server, folder, monkeypatch):
    logger = MlflowLogger(server="http://localhost:1")
    with monkeypatch.context() as patch:
        patch.setattr(server, "set_terminated", lambda *given, **known: 1 / 0)
        with pytest.raises(ResourceError, match="mlflow: server must take the run, got division by zero of http"):
            logger.sync(folder)
        patch.setattr(server, "delete_run", lambda run: None)
        with pytest.raises(ResourceError):
            logger.sync(folder)
    assert run_at(server, folder).info.status == "RUNNING"
    assert logger.sync(folder).startswith("2 rows imported")
    assert run_at(server, folder).info.status == "FINISHED"


@pytest.mark.slow
def test_a_server_that_is_not_named_or_does_not_answer_is_one_line(folder: RunFolder, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("mlflow", reason="needs pip install 'mmexp[mlflow]'")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(ConfigError, match="mlflow: server must be named, got none") as error:
        MlflowLogger().sync(folder)
    assert "logger.mlflow.server=http://HOST:5000" in error.value.hint
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    with pytest.raises(ResourceError, match=r"mlflow: server must take the run, got .* of http://127.0.0.1:1"):
        MlflowLogger().sync(folder)


def test_without_the_package_there_is_a_hint(folder: RunFolder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(ConfigError, match="package mlflow must be installed, got none") as error:
        MlflowLogger().open(folder, {}, {})
    assert error.value.hint == "Run: pip install mlflow-skinny sqlalchemy alembic"
