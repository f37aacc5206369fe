"""One experiment: its parts from a config, in the order in which they come to know of one another.

dataset -> facts -> task -> inputs -> encoders, fusion -> model -> module, data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytorch_lightning as pl

from mmexp.config.facts import Facts
from mmexp.config.instantiate import instantiate
from mmexp.config.training import TrainingConfig
from mmexp.dataset.base import SPLITS, MultimodalDataset
from mmexp.dataset.build import build_dataset
from mmexp.dataset.table.inspection import Progress
from mmexp.encoder.base import Encoder
from mmexp.error import DataError
from mmexp.fusion.base import Fusion
from mmexp.hardware.base import Hardware
from mmexp.layer.narrow_convolution import keep_float32
from mmexp.logger.base import Logger
from mmexp.logger.files import FilesLogger
from mmexp.method.base import Method
from mmexp.metric.counted import counted
from mmexp.missing.base import Missing
from mmexp.run.folder import RunFolder
from mmexp.task.base import Task
from mmexp.training.backbones import describe, refuse_other_sources, use_checkpoint, with_left
from mmexp.training.cuts import Cut, find_cut, limits, setting_of
from mmexp.training.datamodule import DataModule
from mmexp.training.gather import gather
from mmexp.training.inputs import choose_inputs, refuse_other_form, refuse_other_target
from mmexp.training.model import Model
from mmexp.training.model_files import keep
from mmexp.training.module import ExperimentModule
from mmexp.training.warm_start import find_start, read_frozen

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Experiment:
    """Everything a config describes, built and ready to run.

    Args:
        module: Model, objective and measure.
        data: Loaders of the dataset.
        training: Numbers of the loop.
        method: What is trained.
        hardware: Where.
        loggers: Where metrics go, by name.
        callbacks: What the config adds to the loop.
        config: The root node it was built from.
        cuts: What is cut of the data.
        taken: What it starts with of another run, a line each.
    """

    module: ExperimentModule
    data: DataModule
    training: TrainingConfig
    method: Method
    hardware: Hardware
    loggers: Mapping[str, Logger] = field(default_factory=dict)
    callbacks: Sequence[pl.Callback] = ()
    config: Node = field(default_factory=dict)
    cuts: Sequence[Cut] = ()
    taken: Sequence[str] = ()

    @property
    def task(self) -> Task:
        return self.module.model.task

    @property
    def monitor(self) -> str:
        """The metric that decides, as it is logged: ``val/accuracy``."""
        return f"val/{self.task.monitor}"

    @property
    def tokenize(self) -> dict[str, str]:
        """What each metric of texts counts."""
        return counted(self.module.metrics) | counted(self.module.row_metrics)


def load_data(root: Node, progress: Progress | None = None) -> MultimodalDataset:
    """Build the dataset and check its data.

    Args:
        root: The root node.
        progress: Takes how many files of how many are checked.

    Raises:
        DataError: If the data is refused.
    """
    dataset = build_dataset(root)
    dataset.progress = progress
    dataset.prepare()
    dataset.progress = None
    return dataset


def build(root: Node, dataset: MultimodalDataset, folder: RunFolder) -> Experiment:
    """Build an experiment. What is not yet known in the run folder (facts, tokenizer, inputs) is written there.

    Args:
        root: The root node, with ``${facts:...}`` unresolved.
        dataset: Prepared; where the facts come from, unless the folder has them.
        folder: The run.

    Raises:
        ConfigError: If a part can't be built as asked.
    """
    pl.seed_everything(root["seed"], verbose=False)
    refuse_other_target(root["task"], dataset)
    start = find_start(root, folder, dataset)
    facts = Facts.read(folder.path) if folder.facts.exists() else gather(dataset, root, folder, start)
    task: Task = instantiate("task", facts.bind(root, "task"), plugins=root["plugins"])
    if "inputs" not in facts:
        refuse_other_form(task, dataset)
        chosen = choose_inputs(root["inputs"], dataset, task)
        slots = task.slots(chosen) if start is None else start.slots(root["fusion"], task, chosen)
        facts = facts.add(folder.path, inputs=list(chosen), modalities=list(slots))
    training = TrainingConfig(**root["training"])
    method: Method = instantiate("method", root["method"], plugins=root["plugins"])
    hardware: Hardware = instantiate("hardware", root["hardware"], plugins=root["plugins"])
    module = assemble(root, facts, task, method)
    for metric in module.row_metrics.values():
        metric.prepare()  # type: ignore[operator]  # a RowMetric, all of them
    keys = {name: encoder_key(root, facts, name) for name in facts["inputs"]}
    taken = [] if start is None else start.give(module.model, root, keys)
    read_frozen(module.model, folder)
    if "origins" not in facts and module.model.origins:
        facts = facts.add(folder.path, origins=module.model.origins)
    keep(module.model, keys, folder)
    data = DataModule(
        dataset=dataset,
        inputs=module.model.transforms,
        targets=task.transforms(),
        training=training,
        hardware=hardware,
        seed=root["seed"],
        control=root["control"],
        apart=task.paired,
        sampler=method.sampler(instantiate("sampler", root["sampler"], plugins=root["plugins"])),
    )
    if "cuts" not in facts:
        facts = facts.add(folder.path, cuts=[cut.facts() for cut in find_cuts(root, facts, dataset, data)])
    loggers = {"files": FilesLogger(), **build_each("logger", root)}
    cuts, callbacks = [Cut(**one) for one in facts["cuts"]], [*build_each("callback", root).values()]
    return Experiment(module, data, training, method, hardware, loggers, callbacks, root, cuts, taken)


def find_cuts(root: Node, facts: Facts, dataset: MultimodalDataset, data: DataModule) -> Iterator[Cut]:
    """Count per split the values that the transforms of inputs and targets cut."""
    for transforms, target in ((data.inputs, False), (data.targets, True)):
        for name in limits(transforms):
            key = "task" if target else encoder_key(root, facts, name)
            node = root["task"] if target else root["encoder"][key.removeprefix("encoder.")]
            setting = setting_of(key, node, transforms[name].limit)
            found = (find_cut(name, split, dataset.lengths(split, name), transforms[name], setting) for split in SPLITS)
            yield from filter(None, found)


def build_each(group: str, root: Node, facts: Facts | None = None) -> dict[str, Any]:
    """Build the components of a group that holds several, by name."""
    known = facts or Facts()
    return {
        name: instantiate(group, known.bind(root, f"{group}.{name}"), plugins=root["plugins"], at=f"{group}.{name}")
        for name in root[group]
    }


def assemble(root: Node, facts: Facts, task: Task, method: Method) -> ExperimentModule:
    """Build the model around its task; no data is needed, once the facts are known.

    Raises:
        ConfigError: If a part can't be built as asked.
    """
    make = partial(instantiate, plugins=root["plugins"])
    keys = {name: encoder_key(root, facts, name) for name in facts["inputs"]}
    encoders: dict[str, Encoder] = {
        name: make("encoder", facts.of(name).bind(root, key), at=key) for name, key in keys.items()
    }
    kinds = {name: str(facts.of(name).get("kind", name)) for name in encoders}
    task.prepare(kinds, {name: encoder.transform for name, encoder in encoders.items()})
    missing: Missing = make("missing", facts.bind(root, "missing"))
    fusion: Fusion = make("fusion", facts.bind(root, "fusion"))
    model = Model(
        encoders=encoders,
        missing=missing,
        fusion=fusion,
        task=task,
        modality_dropout=root["training"]["modality_dropout"],
    )
    keep_float32(model)
    origins, known = describe(model), facts.get("origins", {})
    refuse_other_sources(origins, known)
    use_checkpoint(model, [name for name, one in known.items() if not one["left"]])
    method.prepare(model)
    model.train()  # what it has frozen goes into evaluation mode
    model.origins = with_left(origins, model)
    return ExperimentModule(
        model=model,
        method=method,
        optimizer=lambda groups: make("optimizer", root["optimizer"], params=groups),
        scheduler=lambda optimizer, steps: make("scheduler", root["scheduler"], optimizer=optimizer, total_steps=steps),
        seed=root["seed"],
        row_metrics=build_each("metric", root, facts),
        augments=list(build_each("augment", root, facts).values()),
    )


def encoder_key(root: Node, facts: Facts, modality: str) -> str:
    """Key of the encoder of a modality: its own, else that of what it holds, such as ``encoder.image``."""
    return f"encoder.{modality if modality in root['encoder'] else facts.of(modality).get('kind', modality)}"


def refuse_other_data(dataset: MultimodalDataset, folder: RunFolder) -> None:
    """Make sure that a run resumes with the data it began with.

    Raises:
        DataError: If the fingerprints differ.
    """
    if not folder.facts.exists():
        return
    facts = Facts.read(folder.path)
    known, found = str(facts["fingerprint"]), dataset.fingerprint()
    if known != found:
        sizes, others = facts.get("sizes"), dataset.describe().get("sizes")
        raise DataError(
            f"data must be what the run began with, {known[:12]} of {sizes}, got {found[:12]} of {others}.",
            path=str(folder.path),
            hint="Put the data back as it was, or start a new run.",
        )
