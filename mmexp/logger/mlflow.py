"""Metrics for MLflow."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mmexp.error import ConfigError, ResourceError
from mmexp.logger.background import BackgroundLogger
from mmexp.logger.row import flat, metrics_of
from mmexp.run import summary as summaries
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import read_json
from mmexp.run.metrics import read_metrics
from mmexp.run.start import read_start

if TYPE_CHECKING:
    from mlflow import MlflowClient

ENDS = {"done": "FINISHED", "failed": "FAILED", "stopped": "KILLED"}
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
"""Environment of its client: it reports to nobody, and gives up on a server that is away."""
_TAG = "mmexp.run"
_BATCH = 900  # metrics that a server takes at a time
_LONGEST = 500  # characters of a parameter


class MlflowLogger(BackgroundLogger):
    """Log a run to MLflow: into ``mlflow.db`` of the run folder, or to a server while it trains.

    Source: Zaharia et al. 2018, https://mlflow.org. ``mlflow ui --backend-store-uri sqlite:///.../mlflow.db`` shows the
    run; ``mmexp sync`` imports runs into a server, from their own files, also those that did not have this logger.

    Args:
        server: Its address; None for that of MLFLOW_TRACKING_URI.
        experiment: Its experiment there.
        online: Whether metrics are sent to the server while the run trains.
    """

    def __init__(self, *, server: str | None = None, experiment: str = "mmexp", online: bool = False) -> None:
        self.server, self.experiment, self.online = server, experiment, online

    def open(self, folder: RunFolder, config: Mapping[str, Any], parameters: Mapping[str, int]) -> None:
        self._client = _client(self._address() if self.online else f"sqlite:///{folder.path / 'mlflow.db'}")
        place = _experiment(self._client, self.experiment, f"{folder.path.absolute().as_uri()}/mlflow")
        self._id = _found(self._client, place, folder) or self._create(place, folder, time.time())
        self._client.update_run(self._id, status="RUNNING")
        self._write_config(config, parameters)

    def write(self, row: Mapping[str, float]) -> None:
        self._write_rows([row], time.time())

    def close(self, status: str, summary: Mapping[str, Any]) -> None:
        self._end(status, summary, time.time())

    def sync(self, folder: RunFolder) -> str:
        server = self._address()
        try:
            self._client = _client(server)
            place = _experiment(self._client, self.experiment, None)
            if known := _found(self._client, place, folder):
                if self._client.get_run(known).info.status != "RUNNING":
                    return f"it is at {server} already"
                self._client.delete_run(known)  # an import that was killed
            number = self._import(folder, place)
        except Exception as error:
            if isinstance(error, ConfigError):
                raise
            first = str(error).partition("\n")[0].partition(" (Caused by")[0]
            hint = "Try again with a network; nothing is lost until then."
            raise ResourceError(f"mlflow: server must take the run, got {first} of {server}.", hint) from error
        return f"{number} rows imported to {server}"

    def _import(self, folder: RunFolder, place: str) -> int:
        """Import the files of a run; it is marked as complete by its end alone."""
        record, rows = read_json(folder.manifest), read_metrics(folder.metrics)
        known = summaries.read(folder) if folder.summary.exists() else {}
        began = datetime.fromisoformat(record["started"]).timestamp()
        self._id = self._create(place, folder, began)
        try:
            self._write_config(read_start(folder), known.get("parameters", {}))
            self._write_rows(rows, began)
            self._end(str(record["status"]), known, began + float(record.get("seconds") or 0.0))
        except BaseException:
            self._client.delete_run(self._id)
            raise
        return len(rows)

    def _address(self) -> str:
        address = self.server or os.environ.get("MLFLOW_TRACKING_URI")
        if not address:
            rule = "mlflow: server must be named, got none"
            raise ConfigError(f"{rule}.", "Add logger.mlflow.server=http://HOST:5000, or set MLFLOW_TRACKING_URI.")
        return address

    def _create(self, place: str, folder: RunFolder, began: float) -> str:
        tags = {_TAG: folder.id, "mlflow.source.name": "mmexp", "mmexp.name": folder.name}
        run = self._client.create_run(place, start_time=int(began * 1000), run_name=folder.id, tags=tags)
        return str(run.info.run_id)

    def _write_config(self, config: Mapping[str, Any], parameters: Mapping[str, int]) -> None:
        from mlflow.entities import Param

        values = {**dict(flat(config)), **{f"parameters.{key}": value for key, value in parameters.items()}}
        known = set(self._client.get_run(self._id).data.params)  # which cannot be set again
        named = {_name(key): str(value)[:_LONGEST] for key, value in values.items()}
        new = [Param(key, value) for key, value in named.items() if key not in known]
        for i in range(0, len(new), 90):
            self._client.log_batch(self._id, params=new[i : i + 90])

    def _write_rows(self, rows: Sequence[Mapping[str, Any]], began: float) -> None:
        from mlflow.entities import Metric

        several = len(rows) > 1
        values = [
            Metric(_name(key), value, int((began + (row.get("time") or 0.0) * several) * 1000), int(row["step"]))
            for row in rows
            for key, value in metrics_of(row).items()
        ]
        for i in range(0, len(values), _BATCH):
            self._client.log_batch(self._id, metrics=values[i : i + _BATCH])

    def _end(self, status: str, summary: Mapping[str, Any], when: float) -> None:
        for key, value in metrics_of(summary.get("metrics", {})).items():
            self._client.log_metric(self._id, f"final/{_name(key)}", value)
        self._client.set_terminated(self._id, ENDS.get(status, "KILLED"), end_time=int(when * 1000))


def _name(key: str) -> str:
    """A key with the characters alone that the service takes in names."""
    return re.sub(r"[^\w.\- :/]", "_", key, flags=re.ASCII)


def _client(address: str) -> MlflowClient:
    os.environ |= {key: value for key, value in QUIET.items() if key not in os.environ}
    try:
        from mlflow import MlflowClient
    except ModuleNotFoundError as error:
        rule = "logger=mlflow: package mlflow must be installed, got none"
        raise ConfigError(f"{rule}.", "Run: pip install mlflow-skinny sqlalchemy alembic") from error
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    return MlflowClient(tracking_uri=address)


def _experiment(client: MlflowClient, name: str, artifacts: str | None) -> str:
    known = client.get_experiment_by_name(name)
    return str(known.experiment_id if known else client.create_experiment(name, artifact_location=artifacts))


def _found(client: MlflowClient, place: str, folder: RunFolder) -> str:
    """Id of the run there; empty if it is not."""
    runs = client.search_runs([place], f"tags.`{_TAG}` = '{folder.id}'", max_results=1)
    return str(runs[0].info.run_id) if runs else ""
