"""Metrics for Weights & Biases."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from mmexp.error import ConfigError, ResourceError
from mmexp.logger.background import BackgroundLogger
from mmexp.logger.row import metrics_of
from mmexp.run.folder import RunFolder

SERVER = "https://api.wandb.ai"


class WandbLogger(BackgroundLogger):
    """Log a run to Weights & Biases: into the run folder, from where ``mmexp sync`` sends it, or at once.

    Source: Biewald 2020, https://www.wandb.com. What the service knows of a run is its config and metrics: no code, no
    command line, nothing of the machine. The key is read from where ``wandb login`` or WANDB_API_KEY has put it.

    Args:
        project: Where the runs are shown.
        entity: Team or user whose project it is; None for the default of the key.
        online: Whether metrics are sent while the run trains.
    """

    def __init__(self, *, project: str = "mmexp", entity: str | None = None, online: bool = False) -> None:
        self.project, self.entity, self.online = project, entity, online

    def open(self, folder: RunFolder, config: Mapping[str, Any], parameters: Mapping[str, int]) -> None:
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        try:
            import wandb
        except ModuleNotFoundError as error:
            rule = "logger=wandb: package wandb must be installed, got none"
            raise ConfigError(f"{rule}.", "Run: pip install wandb") from error
        self._run = wandb.init(
            project=self.project,
            entity=self.entity,
            group=folder.name,
            name=folder.id,
            id=folder.id,
            resume="allow",
            dir=folder.path,
            mode="online" if self.online else "offline",
            config={**config, "parameters": dict(parameters)},
            settings=wandb.Settings(
                silent=True,
                console="off",
                disable_git=True,
                disable_code=True,
                x_disable_meta=True,
                x_disable_stats=True,
                x_disable_machine_info=True,
                x_save_requirements=False,
                init_timeout=self.patience / 2,
                finish_timeout=self.patience / 2,
            ),
        )
        self._run.define_metric("*", step_metric="step")

    def write(self, row: Mapping[str, float]) -> None:
        position = {key: row[key] for key in ("step", "epoch", "time") if key in row}
        self._run.log({**position, **metrics_of(row)})

    def close(self, status: str, summary: Mapping[str, Any]) -> None:
        self._run.summary.update(metrics_of(summary.get("metrics", {})))
        self._run.finish(exit_code=0 if status == "done" else 1)

    def sync(self, folder: RunFolder) -> str:
        found = sorted(folder.path.glob("wandb/offline-run-*"))
        if not found:
            return "nothing was logged offline"
        server = os.environ.get("WANDB_BASE_URL", SERVER)
        _refuse_silent(server)
        words = ["--yes", "--project", self.project, *(["--entity", self.entity] if self.entity else [])]
        done = subprocess.run(
            [sys.executable, "-m", "wandb", "sync", *words, *map(str, found)], capture_output=True, text=True
        )
        if done.returncode:
            *_, last = ["", *(done.stderr or done.stdout).strip().splitlines()]
            raise ResourceError(
                f"wandb: server must take the run, got {last}.", "Log in by wandb login, or set WANDB_API_KEY."
            )
        return f"{len(found)} sent to {server}"


def _refuse_silent(server: str) -> None:
    """Make sure that the server answers, within seconds.

    Raises:
        ResourceError: If it does not.
    """
    place = urlsplit(server)
    try:
        port = place.port or (443 if place.scheme == "https" else 80)
        socket.create_connection((place.hostname or "", port), timeout=5).close()
    except OSError as error:
        hint = "Try again with a network; nothing is lost until then."
        raise ResourceError(f"wandb: server must answer, got {error} of {place.hostname}.", hint) from error
