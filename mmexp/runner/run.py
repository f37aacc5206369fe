"""From a composed config to a recorded run: folder, lock, log, training, verdict."""

from __future__ import annotations

import logging
import os
import shutil
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from mmexp.config.compose import Config, load_config, stored
from mmexp.config.instantiate import instantiate
from mmexp.config.schema import role_of
from mmexp.error import ConfigError, MmexpError, Stopped
from mmexp.hardware.base import Hardware
from mmexp.run import summary
from mmexp.run.atomic import write_atomic
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import read_json
from mmexp.run.provenance import status
from mmexp.run.redact import redact, remember
from mmexp.run.session import record
from mmexp.run.signals import stoppable
from mmexp.runner.distributed import launch
from mmexp.runner.worker import Report, say_in, warm_up

LIBRARIES = ("pytorch_lightning", "lightning_fabric")
Started = Callable[[RunFolder], None]


def run_training(
    config: Config, command: Sequence[str], console: Console, started: Started = lambda folder: None
) -> RunFolder:
    """Train what the config describes, in a new run folder or in the one that ``resume`` names.

    Args:
        config: Composed and checked.
        command: What was typed, word by word.
        console: Shows the progress.
        started: Told the folder once it is there.

    Returns:
        The folder, with ``summary.json`` in it.

    Raises:
        ConfigError: If a part can't be built as asked; a new folder is then gone again.
        Stopped: If the run was asked to stop; it can be resumed.
    """
    asked, root = config, config.plain()
    remember(root)
    resumed = root["resume"] is not None
    if resumed:
        folder = RunFolder.find(root["resume"], root["outputs"])
        if folder.manifest.exists() and status(folder) == "done":
            console.print(f"{folder.id} is done already; nothing to resume.", highlight=False)
            return folder
        config = _as_it_began(config, folder)
    else:
        folder = RunFolder.create(root["outputs"], root["name"])
    started(folder)
    try:
        settings = read_json(folder.manifest)["config"] if folder.manifest.exists() else asked.settings
        known = {"command": command, "seed": config.plain()["seed"], "config": settings}
        with stoppable(), record(folder, **known), log_to(folder):
            if not resumed:
                write_atomic(folder.config, redact(stored(config)))
            _train(config, folder, console)
    except ConfigError:
        if not resumed:
            shutil.rmtree(folder.path, ignore_errors=True)
        raise
    except Stopped as stop:
        stop.hint = f"Type mmexp train resume={folder.id}."
        raise
    return folder


def join(tell: Report, path: Path, plugins: Sequence[str]) -> None:
    """Be one of several processes of a run that another process has set up."""
    folder = RunFolder(path)
    say_in(folder.log, *((2,) if _rank() == 0 else (1, 2)))
    with log_to(folder):
        train(load_config(folder.config, plugins=plugins), folder, Console(quiet=_rank() > 0))


def _as_it_began(config: Config, folder: RunFolder) -> Config:
    """The config that a run was started with; nothing else may be typed for it.

    Raises:
        ConfigError: If something is.
    """
    if others := [key for key in config.typed if not role_of(key).resumable]:
        rule = "resume takes the config of its run as it is"
        raise ConfigError(f"command line: {rule}, got {', '.join(others)}.", f"Type mmexp train resume={folder.id}.")
    return load_config(folder.config, plugins=config.plugins)


def _train(config: Config, folder: RunFolder, console: Console) -> None:
    hardware: Hardware = instantiate("hardware", config.plain()["hardware"], plugins=config.plugins)
    if hardware.devices > 1:
        warm_up()
    hardware.refuse_missing()
    if hardware.devices == 1:
        train(config, folder, console)
        return
    train_facts(config, folder, hardware.devices)
    launch(join, (folder.path, config.plugins), world=hardware.devices, timeout=hardware.timeout)


def train_facts(config: Config, folder: RunFolder, world: int) -> None:
    """Let one process check the data and write the facts, before several read them.

    Raises:
        ConfigError: If there are more processes than samples in a split.
    """
    from mmexp.dataset.base import SPLITS
    from mmexp.training.experiment import build, load_data

    dataset = load_data(config.plain())
    for name in SPLITS:
        if (size := len(dataset.split(name))) < world:
            raise ConfigError(f"hardware.devices must be at most the {size} samples of {name}, got {world}.")
    build(config.plain(), dataset, folder)


def train(config: Config, folder: RunFolder, console: Console) -> None:
    """Build, train, measure and write the verdict, in one process of a run.

    Raises:
        DataError: If the data is not what the run began with.
    """
    from mmexp.training.experiment import build, load_data, refuse_other_data
    from mmexp.training.trainer import fit

    began = time.monotonic()
    root = config.plain()
    dataset = load_data(root)
    if dataset.skipped:
        console.print(f"{len(dataset.skipped)} samples are skipped; see {folder.skipped}.", highlight=False)
    refuse_other_data(dataset, folder)
    experiment = build(root, dataset, folder)
    ready = time.monotonic()
    known = fit(experiment, folder, console)
    if _rank() > 0:
        return
    seconds = {"setup": round(ready - began, 2), **known["seconds"], "total": round(time.monotonic() - began, 2)}
    settings = {**read_json(folder.manifest)["config"], "inputs": list(experiment.data.inputs), "seed": root["seed"]}
    needed, anchor = set(experiment.task.inputs or ()), experiment.task.anchor
    alone = [name for name in experiment.data.inputs if needed <= {name}]
    judged = {"seconds": seconds, "config": settings, "key": config.key, "fingerprint": dataset.fingerprint()}
    summary.write(folder, {"status": "done", **known, **judged, "alone": alone, "anchor": anchor})


@contextmanager
def log_to(folder: RunFolder) -> Iterator[None]:
    """Send warnings, the libraries' messages and a traceback to ``log.txt``, without secrets."""
    handler = logging.FileHandler(folder.log, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    try:
        with _passed_on(LIBRARIES), warnings.catch_warnings():
            warnings.simplefilter("default")
            yield
    except Exception as fault:
        if not isinstance(fault, MmexpError):
            root.error("%s", traceback.format_exc())
        raise
    finally:
        logging.captureWarnings(False)
        root.setLevel(before)
        root.removeHandler(handler)
        handler.close()


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


@contextmanager
def _passed_on(names: Sequence[str]) -> Iterator[None]:
    """Let loggers that write to the terminal themselves pass their messages on instead."""
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger.handlers, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [], True
    try:
        yield
    finally:
        for logger, (handlers, propagate) in zip(loggers, before, strict=True):
            logger.handlers, logger.propagate = handlers, propagate


def _rank() -> int:
    return int(os.environ.get("RANK", "0"))
