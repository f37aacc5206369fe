"""P5 and P6: a training step through our Trainer with all its callbacks, over a loop written by hand."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import torch
from harness import Cost, Pair, clocks
from pytorch_lightning import Callback
from rich.console import Console
from torch import Tensor, nn
from torchmetrics import MeanMetric, MetricCollection

from mmexp.config.compose import compose
from mmexp.config.training import TrainingConfig
from mmexp.contract import Batch, Outputs, Sample, Tokens
from mmexp.fusion.base import Fusion
from mmexp.fusion.none import NoFusion
from mmexp.hardware.base import Hardware
from mmexp.method.full import FullMethod
from mmexp.missing.mask import MaskMissing
from mmexp.run.folder import RunFolder
from mmexp.scheduler.cosine import CosineScheduler
from mmexp.task.base import Task
from mmexp.training.datamodule import DataModule
from mmexp.training.experiment import Experiment, build, load_data
from mmexp.training.model import Model
from mmexp.training.module import ExperimentModule
from mmexp.training.parameter_groups import parameter_groups
from mmexp.training.trainer import (
    count_parameters,
    make_callbacks,
    make_loggers,
    make_metrics_logger,
    make_overflow,
    make_trainer,
)
from mmexp.transform.base import Transform

DEFAULTS = {"lr": 0.001, "weight_decay": 0.05, "fused": True}  # conf/optimizer/adamw.yaml


class Clock(Callback):
    """Read both clocks, and keep the loss, at the end of each step."""

    def __init__(self) -> None:
        self.ticks: list[tuple[float, float]] = []
        self.losses: list[Tensor] = []

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.tick(outputs["loss"])

    def tick(self, loss: Tensor) -> None:
        """End a step."""
        self.ticks.append(clocks())
        self.losses.append(loss.detach())

    def cost(self) -> Cost:
        """Mean per step, without the first third, in which caches fill."""
        warm = len(self.ticks) // 3
        steps = len(self.ticks) - 1 - warm
        wall, cpu = ((end - begin) / steps for begin, end in zip(self.ticks[warm], self.ticks[-1], strict=True))
        return Cost(wall, cpu)


class Race:
    """The same model trained from the same weights, by us or by hand.

    Args:
        experiment: Built.
        folder: Where ours writes.
    """

    def __init__(self, experiment: Experiment, folder: RunFolder) -> None:
        self.experiment, self.folder = experiment, folder
        self.weights = {name: value.clone() for name, value in experiment.module.state_dict().items()}

    def ours(self) -> Clock:
        """Through the Trainer, with a metrics file, checkpoints and a validation behind the last step."""
        clock, module = Clock(), self.experiment.module
        module.load_state_dict(self.weights)
        console, parameters = Console(quiet=True), count_parameters(module.model)
        with make_loggers(self.experiment, console).run(self.folder, {}, parameters) as loggers:
            overflow = make_overflow(self.experiment, self.folder, console)
            metrics = make_metrics_logger(self.experiment, self.folder, loggers, overflow)
            callbacks = make_callbacks(self.experiment, self.folder, console, metrics)
            trainer = make_trainer(self.experiment, self.folder, [overflow, *callbacks, clock])
            trainer.fit(module, datamodule=self.experiment.data)
        return clock

    def theirs(self, seeded: bool = False) -> Clock:
        """A plain loop: same loader, precision, clipping, optimizer and schedule, and as many rows."""
        clock, module, data = Clock(), self.experiment.module, self.experiment.data
        module.load_state_dict(self.weights)
        model, training = module.model.train(), self.experiment.training
        optimizer = torch.optim.AdamW(parameter_groups(model, self.experiment.method), **DEFAULTS)
        scheduler = CosineScheduler(optimizer=optimizer, total_steps=data.total)
        half = self.experiment.hardware.precision == "bf16-mixed"
        with open(self.folder.path / "plain.jsonl", "a", encoding="utf-8") as file:
            for number, batch in enumerate(data.train_dataloader()):
                if seeded:
                    module.on_train_batch_start(batch, number)
                with torch.autocast("cpu", torch.bfloat16, enabled=half):
                    losses = model.task.losses(model(batch), batch)
                    loss = torch.stack(list(losses.values())).sum()
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), training.clip, foreach=True)
                optimizer.step()
                scheduler.step()
                if (number + 1) % training.log_every == 0:
                    row = {"loss": loss.item(), **{name: value.item() for name, value in losses.items()}}
                    file.write(json.dumps(row) + "\n")
                    file.flush()
                clock.tick(loss)
        return clock

    def pair(self, id: str, what: str, bound: float, kind: str) -> Pair:
        """Check that both sides see the same losses, and make the pair."""
        ours, theirs = (torch.stack(clock.losses) for clock in (self.ours(), self.theirs(seeded=True)))
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=0)
        return Pair(
            id=id,
            what=what,
            reference="plain loop",
            bound=bound,
            ours=lambda: self.ours().cost(),
            theirs=lambda: self.theirs().cost(),
            kind=kind,  # type: ignore[arg-type]
        )


def defaults(quick: bool) -> Iterator[Pair]:
    """P5: the default captioning and classification runs on the built-in world."""
    steps = 4 if quick else 14  # per epoch, of which there are three
    for task in (["task=captioning", "fusion=attention"], ["task=classification"]):
        with tempfile.TemporaryDirectory() as outputs:
            words = [f"dataset.sizes=[{64 * steps},8,8]", f"dataset.cache={outputs}", f"outputs={outputs}"]
            config = compose([*task, *words, "dataset=scenes", "training.epochs=3", "training.validate_every=3"])
            root = config.plain()
            folder = RunFolder.create(outputs, "race")
            race = Race(build(root, load_data(root), folder), folder)
            yield race.pair("P5", f"train, {config.choices['task']}", 1.05, "time")


class EightLosses(Task):
    """Eight heads on one small network that reads the same numbers at each step."""

    targets = ()
    monitor = "loss0"
    mode = "min"

    def __init__(self, dim: int = 128) -> None:
        super().__init__()
        self.numbers = torch.randn(64, dim)
        self.trunk = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Dropout(0.1), nn.Linear(dim, 8))

    def transforms(self) -> dict[str, Transform]:
        return {}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        return {"errors": self.trunk(self.numbers).square().mean(0)}  # [8]

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        return {f"loss{i}": error for i, error in enumerate(outputs["errors"].unbind())}

    def metrics(self) -> MetricCollection:
        return MetricCollection({"loss0": MeanMetric()})

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        metrics.update(outputs["errors"][0])

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        return []


def tiny(steps: int) -> Experiment:
    """An experiment whose step takes about 1 ms, three times ``steps`` of them."""
    training, hardware = TrainingConfig(epochs=3, validate_every=3, batch_size=1), Hardware()
    samples = [Sample(str(i), {}, {}) for i in range(steps)]
    torch.manual_seed(0)
    module = ExperimentModule(
        model=Model(
            encoders={}, missing=MaskMissing(), fusion=NoFusion(dim=8, modalities=("none",)), task=EightLosses()
        ),
        method=FullMethod(),
        optimizer=lambda groups: torch.optim.AdamW(groups, **DEFAULTS),
        scheduler=lambda optimizer, total: CosineScheduler(optimizer=optimizer, total_steps=total),
        seed=0,
    )
    dataset: Any = SimpleNamespace(split=lambda name: samples)
    data = DataModule(dataset=dataset, inputs={}, targets={}, training=training, hardware=hardware, seed=0)
    return Experiment(module, data, training, FullMethod(), hardware)


def small(quick: bool) -> Iterator[Pair]:
    """P6: a step of about 1 ms with eight losses."""
    with tempfile.TemporaryDirectory() as outputs:
        race = Race(tiny(steps=100), RunFolder.create(outputs, "race"))
        yield race.pair("P6", "train, 1 ms step, 8 losses", 1.5, "extra")
