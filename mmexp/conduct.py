"""From a composed config to a recorded run: folder, lock, log, training, verdict."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from rich.console import Console

from mmexp.config import Config, load_config, stored
from mmexp.error import ConfigError, MmexpError, Stopped
from mmexp.launch import launch
from mmexp.run import summary
from mmexp.run.atomic import write_atomic
from mmexp.run.folder import RunFolder
from mmexp.run.manifest import status
from mmexp.run.record import record
from mmexp.run.redact import redact

Started = Callable[[RunFolder], None]


def conduct(
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
        Stopped: If the run was asked to stop and saved its state.
    """
    root = config.plain()
    resumed = root["resume"] is not None
    if resumed:
        folder = RunFolder.find(root["resume"], root["outputs"])
        if status(folder) == "done":
            console.print(f"{folder.id} is done already; nothing to resume.", highlight=False)
            return folder
        config = load_config(folder.config, plugins=root["plugins"])
    else:
        folder = RunFolder.create(root["outputs"], root["name"])
    started(folder)
    signal.signal(signal.SIGTERM, _stop)
    try:
        with record(folder, command=command, seed=config.plain()["seed"], config=config.choices), log_to(folder):
            if not resumed:
                write_atomic(folder.config, redact(stored(config)))
            _train(config, folder, console)
    except ConfigError:
        if not resumed:
            shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return folder


def join(folder: RunFolder, plugins: Sequence[str], console: Console) -> None:
    """Be one of several processes of a run that another process has set up."""
    train(load_config(folder.config, plugins=plugins), folder, console)


def _train(config: Config, folder: RunFolder, console: Console) -> None:
    world = config.plain()["hardware"].get("devices", 1)
    if world == 1:
        train(config, folder, console)
        return
    train_facts(config, folder)
    launch(folder, world=world, arguments=[f"--plugins={','.join(config.plain()['plugins'])}"])


def train_facts(config: Config, folder: RunFolder) -> None:
    """Let one process check the data and write the facts, before several read them."""
    from mmexp.experiment import build, load_data

    build(config.plain(), load_data(config.plain()), folder)


def train(config: Config, folder: RunFolder, console: Console) -> None:
    """Build, train, measure and write the verdict, in one process of a run."""
    from mmexp.experiment import build, load_data
    from mmexp.training import fit

    began = time.monotonic()
    root = config.plain()
    dataset = load_data(root)
    if dataset.skipped:
        console.print(f"{len(dataset.skipped)} samples are skipped; see {folder.skipped}.", highlight=False)
    experiment = build(root, dataset, folder)
    ready = time.monotonic()
    known = fit(experiment, folder, console)
    if os.environ.get("RANK", "0") != "0":
        return
    seconds = {"setup": round(ready - began, 2), **known["seconds"], "total": round(time.monotonic() - began, 2)}
    choices = {**config.choices, "inputs": list(experiment.data.inputs), "seed": root["seed"]}
    verdict = {"status": "done", **known, "seconds": seconds, "config": choices, "fingerprint": dataset.fingerprint()}
    summary.write(folder, verdict)


@contextmanager
def log_to(folder: RunFolder) -> Iterator[None]:
    """Send warnings, the libraries' messages and a traceback to ``log.txt``, without secrets."""
    handler = logging.FileHandler(folder.log)
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root, lightning = logging.getLogger(), logging.getLogger("pytorch_lightning")
    lightning.handlers.clear()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            yield
    except Exception as fault:
        if not isinstance(fault, MmexpError):
            root.error("%s", traceback.format_exc())
        raise
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)
        handler.close()


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def _stop(signum: int, frame: FrameType | None) -> None:
    raise Stopped("Run: stopped before a state was saved.")
