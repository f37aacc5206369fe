"""From a composed config to a recorded run: folder, lock, log, training, summary."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from mmexp.config.compose import load_config, stored
from mmexp.config.config import Config
from mmexp.config.instantiate import instantiate
from mmexp.error import ConfigError, MmexpError, ResourceError, Stopped
from mmexp.hardware.base import Hardware
from mmexp.run import advice, summary
from mmexp.run.atomic import write_atomic
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import read_json
from mmexp.run.provenance import add_fingerprint, add_monitor, status
from mmexp.run.redact import redact, redact_tree, remember
from mmexp.run.session import record
from mmexp.run.signals import signals_deferred, stoppable
from mmexp.run.start import write_start
from mmexp.runner.columns import show_columns, show_notes
from mmexp.runner.distributed import alone, run_distributed
from mmexp.runner.log import log_to
from mmexp.runner.process import Report, redirect
from mmexp.runner.resume import refuse_words, resumed_config
from mmexp.runner.worker import warm_up
from mmexp.training.phase import phase

if TYPE_CHECKING:
    from pytorch_lightning import Callback

    from mmexp.dataset.table.inspection import Progress
    from mmexp.training.experiment import Experiment

Started = Callable[[RunFolder], None]


@alone()
def run_training(
    config: Config,
    command: Sequence[str],
    console: Console,
    started: Started = lambda folder: None,
    callbacks: Sequence[Callback] = (),
    planned: Started = lambda folder: None,
) -> RunFolder:
    """Train what the config describes, in a new run folder or in the one that ``resume`` names.

    Args:
        config: Composed and checked.
        command: What was typed, word by word.
        console: Shows the progress.
        started: Called with the folder once it is there.
        callbacks: What else happens in the training, if it is of one process.
        planned: Called with a new folder before it is made.

    Returns:
        The folder, with ``summary.json`` in it.

    Raises:
        ConfigError: If a part can't be built; a new folder is then removed again.
        Stopped: If the run was asked to stop; it can be resumed, or its folder is removed if nothing is in it yet.
        ResourceError: If memory, the disk or a loader process ran out; likewise.
    """
    typed, root = config, config.plain()
    remember(root)
    refuse_all_folds(root)
    resumed = root["resume"] is not None
    folder: RunFolder | None = None
    if resumed:
        folder = RunFolder.find(root["resume"], root["outputs"])
        refuse_words(typed, folder)
        if folder.manifest.exists() and status(folder) == "done":
            if folder.summary.exists():
                console.print(f"{folder.id} is done already; nothing to resume.", highlight=False)
                return folder
            console.print(f"{folder.summary} is missing; the run is evaluated again.", highlight=False, soft_wrap=True)
        config = resumed_config(folder, config.plugins, console)
    with stoppable(), phase(console, "loading torch"):
        import mmexp.training.trainer  # noqa: F401  # before there is a folder, so that an interrupt leaves none
    try:
        with stoppable():
            with signals_deferred():
                folder = folder or RunFolder.create(root["outputs"], root["name"], planned=planned)
            started(folder)
            settings = read_json(folder.manifest)["config"] if folder.manifest.exists() else typed.settings
            known = {"command": command, "seed": config.plain()["seed"], "config": settings}
            with record(folder, **known), log_to(folder):
                if not resumed:
                    write_atomic(folder.config, redact(stored(config)))
                    write_start(folder, config.plain())
                _train(config, folder, console, callbacks)
    except MmexpError as error:
        _tidy_up(error, folder, resumed)
        raise
    return folder


def refuse_all_folds(root: Mapping[str, Any]) -> None:
    """Make sure that a run is of one fold.

    Raises:
        ConfigError: If folds are asked for, and none is named.
    """
    if (folds := root.get("folds")) is not None and root.get("fold") is None:
        hint = f"Set fold to one of them; mmexp train folds={folds} makes a run of each."
        raise ConfigError(f"fold must be one of the folds with folds={folds}, got null.", hint)


def _tidy_up(error: MmexpError, folder: RunFolder | None, resumed: bool) -> None:
    """Remove a folder that there is nothing to resume in, or have the error say how to resume it."""
    if folder is None:
        return
    if not resumed and isinstance(error, ConfigError):
        shutil.rmtree(folder.path, ignore_errors=True)
    else:
        folder.remove_unbegun()
    if folder.path.exists() and isinstance(error, Stopped | ResourceError) and "Run: " not in error.hint:
        error.hint = f"{error.hint}\nRun: {advice.resume(folder)}".lstrip()


def run_rank(report: Report, path: Path, plugins: Sequence[str]) -> None:
    """Train as one rank of a run whose folder another process has set up."""
    folder = RunFolder(path)
    redirect(folder.log, *((2,) if _rank() == 0 else (1, 2)))
    with log_to(folder):
        train(load_config(folder.config, plugins=plugins), folder, Console(quiet=_rank() > 0))


def _train(config: Config, folder: RunFolder, console: Console, callbacks: Sequence[Callback]) -> None:
    hardware: Hardware = instantiate("hardware", config.plain()["hardware"], plugins=config.plugins)
    if hardware.devices > 1:
        warm_up()
    hardware.refuse_missing()
    if hardware.devices == 1:
        train(config, folder, console, callbacks)
        return
    with phase(console, "checking data") as progress:
        train_facts(config, folder, hardware.devices, progress)
    run_distributed(run_rank, (folder.path, config.plugins), world=hardware.devices, timeout=hardware.timeout)


def train_facts(config: Config, folder: RunFolder, world: int, progress: Progress | None = None) -> None:
    """Check the data and write the facts in one process, before several read them.

    Raises:
        ConfigError: If there are more processes than samples in a split.
    """
    from mmexp.dataset.base import SPLITS
    from mmexp.training.experiment import build, load_data

    dataset = load_data(config.plain(), progress)
    for name in SPLITS:
        if (size := len(dataset.split(name))) < world:
            raise ConfigError(f"hardware.devices must be at most the {size} samples of {name}, got {world}.")
    build(config.plain(), dataset, folder)


def train(config: Config, folder: RunFolder, console: Console, callbacks: Sequence[Callback] = ()) -> None:
    """Build, train, evaluate and write the summary, in one process of a run.

    Raises:
        DataError: If the data is not what the run was started with.
    """
    from mmexp.training.experiment import build, load_data, refuse_other_data
    from mmexp.training.inputs import read_alone
    from mmexp.training.shares import experiment_notes
    from mmexp.training.teacher import teach
    from mmexp.training.trainer import fit
    from mmexp.training.unlabeled import refuse_unlabeled

    start = time.monotonic()
    root = config.plain()
    with phase(console, "checking data") as progress:
        dataset = load_data(root, progress)
    show_columns(dataset.overview(), console)
    show_notes(dataset.notes, console)
    refuse_other_data(dataset, folder)
    if _rank() == 0:
        add_fingerprint(folder, dataset.fingerprint())
        _list_skipped(dataset.skipped, folder, console)
    with phase(console, "building the model"):
        experiment = build(root, dataset, folder)
        experiment = replace(experiment, callbacks=[*experiment.callbacks, *callbacks])
    if _rank() == 0:
        add_monitor(folder, experiment.monitor)
    refuse_unlabeled(experiment)
    show_notes([*teach(experiment, folder), *experiment_notes(experiment)], console)
    built = time.monotonic()
    _encode(experiment, folder, console)
    ready = time.monotonic()
    known = fit(experiment, folder, console)
    if _rank() > 0:
        return
    seconds = {"setup": built - start, "encode": ready - built, **known["seconds"], "total": time.monotonic() - start}
    seconds = {name: round(value, 2) for name, value in seconds.items()}
    settings = {**read_json(folder.manifest)["config"], "inputs": list(experiment.data.inputs), "seed": root["seed"]}
    alone, anchor = read_alone(experiment.task, list(experiment.data.inputs)), experiment.task.anchor
    settings |= {key: root[key] for key in ("tuned", "fair") if root[key]}
    identity = {"config": settings, "key": config.key, "fingerprint": dataset.fingerprint()}
    given = {"alone": alone, "anchor": anchor, "skipped": len(dataset.skipped), "groups": dict(dataset.grouping())}
    summary.write(folder, {"status": "done", **known, "seconds": seconds, **identity, **given})


def _encode(experiment: Experiment, folder: RunFolder, console: Console) -> None:
    """Encode with frozen encoders once, and note in the run folder which features are kept."""
    from mmexp.config.facts import Facts
    from mmexp.encoder.backbone import frozen
    from mmexp.training.features import encode_once

    if frozen(experiment.module.model):
        with phase(console, "encoding with frozen encoders") as progress:
            notes = encode_once(experiment, experiment.config["feature_cache"], progress)
        show_notes(notes, console)
        if _rank() == 0:
            Facts.read(folder.path).add(folder.path, features=experiment.data.stores)


def _list_skipped(skipped: Sequence[Mapping[str, str]], folder: RunFolder, console: Console) -> None:
    """Write which samples were left out, and why, into the run folder; nothing if none were."""
    if skipped:
        write_atomic(folder.skipped, "".join(f"{json.dumps(redact_tree(row))}\n" for row in skipped))
        console.print(f"{len(skipped)} samples are skipped; see {folder.skipped}.", highlight=False, soft_wrap=True)


def _rank() -> int:
    return int(os.environ.get("RANK", "0"))
