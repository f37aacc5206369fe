"""Train an experiment in its run folder, or resume it, and evaluate its best checkpoint."""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.strategies import DDPStrategy, Strategy
from rich.console import Console

from mmexp.hardware.base import Hardware
from mmexp.logger.base import LoggerCollection
from mmexp.run import advice
from mmexp.run.atomic import write_atomic
from mmexp.run.checkpoints import sweep
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import strict
from mmexp.run.redact import redact_tree
from mmexp.training.artifacts import draw, with_groups, write_media
from mmexp.training.availability import evaluate_by_inputs
from mmexp.training.backbones import checkpointed
from mmexp.training.batch_norm import BatchNormSync
from mmexp.training.callback.checkpoint import CheckpointCallback
from mmexp.training.callback.ema import EMACallback
from mmexp.training.callback.memory_probe import MemoryProbe
from mmexp.training.callback.metrics_logger import MetricsLogger
from mmexp.training.callback.overflow import OverflowCallback
from mmexp.training.callback.progress import ProgressBar
from mmexp.training.checkpoint import AtomicCheckpointIO, read_weights, refuse_other_weights
from mmexp.training.checkpoint_choice import choose_best, choose_start
from mmexp.training.experiment import Experiment
from mmexp.training.kept_samples import keep_samples
from mmexp.training.lightning_internal import leave_signals_alone
from mmexp.training.permuted_weights import evaluate_permuted
from mmexp.training.phase import phase
from mmexp.training.rows import gather_rows
from mmexp.training.shortage import shortage_refused


def fit(experiment: Experiment, folder: RunFolder, console: Console) -> dict[str, Any]:
    """Train from the newest intact checkpoint, or from the start, then evaluate the best one on val and test.

    Args:
        experiment: Built.
        folder: Locked by this run.
        console: Draws the progress.

    Returns:
        The parts of ``summary.json`` that training knows.

    Raises:
        NumericsError: If a loss, a weight or every value of the monitored metric is not finite.
        DataError: If the best checkpoint has been damaged.
        ResourceError: If memory, the disk or a loader process ran out.
        Stopped: If the run was asked to stop; its state is saved.
    """
    parameters = count_parameters(experiment.module.model)
    training, probe = experiment.training, MemoryProbe()
    with (
        make_loggers(experiment, console).run(folder, redact_tree(dict(experiment.config)), parameters) as loggers,
        shortage_refused(lambda: advice.smaller_batch(folder, training.batch_size, training.accumulate, probe.largest)),
    ):
        loggers.summary = train_and_evaluate(experiment, folder, console, loggers, probe)
    known = {"parameters": parameters, "hardware": experiment.hardware.describe()}
    return {**loggers.summary, **experiment.method.summary(), **known}


def train_and_evaluate(
    experiment: Experiment, folder: RunFolder, console: Console, loggers: LoggerCollection, probe: MemoryProbe
) -> dict[str, Any]:
    """Train from the newest intact checkpoint, then evaluate the best one; see ``fit``."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "You're resuming from a checkpoint that ended before")  # ours do, exactly
        warnings.filterwarnings("ignore", "Found .* in eval mode at the start of training")  # frozen backbones
        overflow = make_overflow(experiment, folder, console)
        metrics_logger = make_metrics_logger(experiment, folder, loggers, overflow)
        callbacks = make_callbacks(experiment, folder, console, metrics_logger)
        trainer = make_trainer(experiment, folder, [probe, overflow, *callbacks])
        if trainer.is_global_zero:
            sweep(folder.checkpoints)
        start = choose_start(folder, console)
        experiment.data.start = 0
        try:
            trainer.fit(experiment.module, datamodule=experiment.data, ckpt_path=start, weights_only=True)
        finally:
            trainer.fit_loop.teardown()  # Lightning forgets the loader processes if a validation raises
    trained, began = metrics_logger.seconds, time.monotonic()
    best = choose_best(folder, experiment.monitor)
    load_weights(experiment.module, best)
    return {
        "monitor": experiment.monitor,
        "mode": experiment.task.mode,
        **evaluate_splits(experiment, folder, trainer, console),
        "tokenize": experiment.tokenize,
        "best": best.name,
        "overflows": overflow.skipped,
        "weights": experiment.module.model.fusion.weights(),
        "origins": experiment.module.model.origins,
        "seconds": {"train": round(trained, 2), "evaluate": round(time.monotonic() - began, 2)},
    }


def evaluate_splits(
    experiment: Experiment, folder: RunFolder, trainer: pl.Trainer, console: Console
) -> dict[str, dict[str, Any]]:
    """Evaluate the model on val and test; ``availability`` and ``permuted`` are there where they say more than that."""
    metrics: dict[str, float] = {}
    availability: dict[str, Any] = {}
    for split in ("val", "test"):
        metrics |= evaluate(experiment, folder, trainer, split, console)
        availability[split] = evaluate_by_inputs(experiment, trainer, split)
    directions = name_directions(experiment, metrics)
    by_inputs = {split: found for split, found in availability.items() if found}
    apart = {"availability": by_inputs, "permuted": evaluate_permuted(experiment, trainer)}
    return {"metrics": metrics, "directions": directions, **{key: found for key, found in apart.items() if found}}


def name_directions(experiment: Experiment, results: Mapping[str, float]) -> dict[str, str]:
    """Return by key, such as ``val/accuracy``, whether more (max) or less (min) is better, where it is known."""
    known = {**experiment.module.directions, experiment.task.monitor: experiment.task.mode}
    return {key: known[key.partition("/")[2]] for key in results if key.partition("/")[2] in known}


def make_loggers(experiment: Experiment, console: Console) -> LoggerCollection:
    """The loggers of the experiment in the first process, none in the others."""
    first = os.environ.get("RANK", "0") == "0"
    return LoggerCollection(experiment.loggers if first else {}, partial(console.print, highlight=False, markup=False))


def make_overflow(experiment: Experiment, folder: RunFolder, console: Console) -> OverflowCallback:
    """The callback that skips steps whose gradient is not finite."""
    training, warn = experiment.training, partial(console.print, highlight=False, markup=False)
    how = cast(Literal["skip", "raise"], training.on_overflow)
    return OverflowCallback(on_overflow=how, limit=training.max_overflows, replay=folder.replay, warn=warn)


def make_metrics_logger(
    experiment: Experiment, folder: RunFolder, loggers: LoggerCollection, overflow: OverflowCallback
) -> MetricsLogger:
    """The callback that feeds the loggers."""
    every, per_epoch = experiment.training.log_every, experiment.data.per_epoch
    return MetricsLogger(
        write=loggers.log, every=every, per_epoch=per_epoch, replay=folder.replay, counts=overflow.counts
    )


def make_callbacks(
    experiment: Experiment, folder: RunFolder, console: Console, metrics_logger: MetricsLogger
) -> list[pl.Callback]:
    """All that happens in addition to the steps; the checkpoints come last, as they may end the training."""
    training, per_epoch = experiment.training, experiment.data.per_epoch
    ema = [EMACallback(training.ema)] if training.ema else []
    bar = ProgressBar(console=console, metrics_logger=metrics_logger, monitor=experiment.monitor, per_epoch=per_epoch)
    checkpoints = CheckpointCallback(
        folder=folder.checkpoints,
        monitor=experiment.monitor,
        mode=experiment.task.mode,
        per_epoch=per_epoch,
        every=training.checkpoint_every,
        patience=training.patience,
        before_save=metrics_logger.check,
    )
    return [*ema, *experiment.method.callbacks(), *experiment.callbacks, metrics_logger, bar, checkpoints]


def make_trainer(experiment: Experiment, folder: RunFolder, callbacks: list[pl.Callback]) -> pl.Trainer:
    """Make Lightning's trainer, without its own loggers and checkpoints."""
    training, hardware, data = experiment.training, experiment.hardware, experiment.data
    trainer = pl.Trainer(
        accelerator=hardware.accelerator,
        devices=hardware.devices,
        strategy=_strategy(hardware),
        precision=hardware.precision,
        max_epochs=1,
        max_steps=data.total // training.accumulate,
        val_check_interval=data.interval,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        accumulate_grad_batches=training.accumulate,
        gradient_clip_val=training.clip or None,
        callbacks=callbacks,
        plugins=[AtomicCheckpointIO(), *([BatchNormSync()] if hardware.devices > 1 else [])],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=folder.path,
    )
    leave_signals_alone(trainer)
    return trainer


def _strategy(hardware: Hardware) -> Strategy | str:
    if hardware.devices == 1:
        return "auto"
    return DDPStrategy(
        process_group_backend="nccl" if hardware.accelerator == "gpu" else "gloo",
        timeout=timedelta(seconds=hardware.timeout),
        find_unused_parameters=True,
    )


def evaluate(
    experiment: Experiment, folder: RunFolder, trainer: pl.Trainer, split: Literal["val", "test"], console: Console
) -> dict[str, float]:
    """Evaluate the model on one split and write its predictions, a row per sample."""
    module = experiment.module
    module.keep_rows = True
    run = trainer.validate if split == "val" else trainer.test
    run(module, datamodule=experiment.data, verbose=False)
    module.keep_rows = False
    rows = gather_rows(module.rows, trainer.world_size)
    if trainer.is_global_zero:
        with phase(console, f"writing predictions of {split}"):
            completed = write_media(experiment.task.completed(rows), folder, split)
            written = with_groups(completed, experiment.data.dataset.groups(split))
            write_atomic(folder.predictions(split), "".join(json.dumps(strict(row)) + "\n" for row in written))
    if trainer.is_global_zero and split == "test":
        with phase(console, "drawing plots"):
            draw(experiment.task, rows, experiment.data.samples[split], folder)
            keep_samples(experiment.data.samples[split], folder)
    return module.results[split]


def load_weights(module: pl.LightningModule, path: Path) -> None:
    """Load a checkpoint's weights: their running average if it has one.

    Raises:
        ConfigError: If they are not those of the model.
    """
    weights = read_weights(path)
    refuse_other_weights(checkpointed(module), weights, str(path))
    module.load_state_dict(weights, strict=False)


def count_parameters(model: torch.nn.Module) -> dict[str, int]:
    """Numbers of weights, all and trained."""
    sizes = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return {"total": sum(size for size, _ in sizes), "trained": sum(size for size, trained in sizes if trained)}
