"""Put a trained run to use: measure it on its own or other data, or read what it is to predict."""

from __future__ import annotations

import os.path
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmexp.analysis.per_class import ClassScores, per_class
from mmexp.contract import Sample
from mmexp.dataset.base import MultimodalDataset
from mmexp.dataset.build import build_dataset, build_kinds
from mmexp.dataset.column import Column
from mmexp.dataset.control import controlled
from mmexp.dataset.kind.kinds import Kinds
from mmexp.dataset.manifest import Manifest
from mmexp.dataset.table.ad_hoc import pair, read_words, refuse_absent
from mmexp.dataset.table.error_policy import ErrorPolicy, read_limit
from mmexp.dataset.table.reader import SUFFIXES
from mmexp.error import ConfigError
from mmexp.inference.predictor import EvaluatedSplit, Predictor
from mmexp.task.base import Task
from mmexp.task.classification import Classification
from mmexp.training.inputs import choose_inputs
from mmexp.training.shares import few_notes


@dataclass(frozen=True)
class Measurement:
    """What a run came to on one split.

    Args:
        samples: Number measured.
        skipped: Number left out, because they could not be read.
        metrics: By key, such as ``test/accuracy``.
        availability: Number of samples and metrics by which inputs they have, if some lack one.
        notes: What a user should know of the data, a line each.
        everything: Whether that is a whole table, because nothing says which of its rows are of the split.
        classes: Scores of each class, if they were asked for.
    """

    samples: int
    skipped: int
    metrics: Mapping[str, float]
    availability: Mapping[str, Any]
    notes: Sequence[str]
    everything: bool
    classes: Sequence[ClassScores] = ()


@dataclass(frozen=True)
class SplitSamples:
    """The samples of one split that a run is evaluated on.

    Args:
        samples: In order, with their targets, as the control of the run wants them.
        dataset: That has read them; ``groups``, ``skipped`` and ``fingerprint`` are of this split.
        notes: What a user should know of the data, a line each.
        everything: Whether that is a whole table, because nothing says which of its rows are of the split.
    """

    samples: Sequence[Sample]
    dataset: MultimodalDataset
    notes: Sequence[str]
    everything: bool


def split_samples(trained: Predictor, split: EvaluatedSplit = "test") -> SplitSamples:
    """Read one split of a run's own data, or of that which was typed: data of the same form.

    A table other than was trained on is read whole, if it does not say which of its rows are of the split; groups of
    training (``dataset.group_by``, ``dataset.split``) are then left aside, unless they are typed.

    Args:
        trained: The run.
        split: The only one that must be there.

    Raises:
        ConfigError: If the data lacks an input or a target.
        DataError: If the data is refused.
    """
    dataset = build_dataset(trained.root)
    dataset.trained = trained.facts
    if columns := trained.facts.get("columns"):
        asked = {"inputs": trained.facts["inputs"], "targets": trained.task.targets}
        dataset.narrow(**{role: {name: columns[role][name] for name in names} for role, names in asked.items()})
    choose_inputs(trained.facts["inputs"], dataset, trained.task)
    everything = _is_other(trained) and dataset.take_whole(split, trained.facts.get("table"))
    dataset.prepare((split,))
    samples = controlled(dataset.split(split), trained.root.get("control"), trained.task.paired)
    return SplitSamples(samples, dataset, [*dataset.notes, *few_notes(split, len(samples))], everything)


def measure(trained: Predictor, split: EvaluatedSplit = "test", by_class: bool = False) -> Measurement:
    """Measure a run on what ``split_samples`` reads.

    Args:
        trained: The run.
        split: The only one that must be there.
        by_class: Whether to score each class too.

    Raises:
        ConfigError: If the data lacks an input or a target, or classes are asked of a task that predicts none.
        DataError: If the data is refused.
    """
    known = _classes(trained.task) if by_class else []
    read = split_samples(trained, split)
    trained.module.keep_rows = by_class
    metrics, rows = trained.evaluate(read.samples, split), trained.module.rows
    classes = per_class(rows, known)
    availability = trained.evaluate_by_inputs(read.samples, split)
    counts = len(read.samples), len(read.dataset.skipped)
    return Measurement(*counts, metrics, availability, read.notes, read.everything, classes)


def read_samples(trained: Predictor, words: Sequence[str]) -> tuple[list[Sequence[Sample]], int]:
    """Read what is to be predicted: the rows of each table, then files and typed values.

    Args:
        trained: Whose inputs are read; its training data is not touched.
        words: As typed.

    Returns:
        The samples, table by table, and how many were left out, as ``dataset.on_error`` allows.

    Raises:
        ConfigError: If a word is none of these, or of a modality that the model does not encode.
        DataError: If a file is not there or broken.
    """
    inputs: list[str] = trained.facts["inputs"]
    on_error = trained.root["dataset"].get("on_error", "raise")
    tables = [word for word in words if os.path.splitext(word)[1] in SUFFIXES and not pair(word)]
    others = [word for word in words if word not in tables]
    known: Mapping[str, Column] = trained.facts.get("columns", {"inputs": {}})["inputs"]
    kinds = build_kinds(trained.root)
    columns = {name: (known.get(name, name), *kinds.inputs.get(name, ())) for name in inputs}
    root, form = trained.root["dataset"].get("root"), _form(trained)
    manifests = [_manifest(word, root, on_error, form, kinds) for word in tables]
    for manifest in manifests:
        manifest.trained = trained.facts
    parts = [manifest.everything(columns) for manifest in manifests]
    policy = ErrorPolicy(read_limit(on_error), len(others))
    if others:
        facts = {name: own["kind"] for name, own in trained.facts.get("modality", {}).items()}
        parts.append(read_words(others, inputs, policy, kinds, facts))
    return parts, sum(len(manifest.skipped) for manifest in manifests) + len(policy.skipped)


def _classes(task: Task) -> Sequence[Any]:
    """Return the classes that a task predicts."""
    if not isinstance(task, Classification):
        rule = "test: --per-class must be asked of a task that predicts classes"
        raise ConfigError(f"{rule}, got {type(task).__name__}.")
    return task.classes


def _is_other(trained: Predictor) -> bool:
    """Return whether other data may be meant: its place was typed, and nothing about its splits."""
    moved = {"dataset", "dataset.root", "dataset.manifest"}.intersection(trained.typed)
    return bool(moved) and not any(key.startswith("dataset.split") for key in trained.typed)


def _form(trained: Predictor) -> dict[str, Any]:
    """Return how the tables of a run are written; their decimal sign shows in each, unless it was typed."""
    form = dict(trained.root["dataset"].get("csv") or {})
    typed = {"dataset.csv", "dataset.csv.decimal"}.intersection(trained.typed)
    return form if typed else {key: value for key, value in form.items() if key != "decimal"}


def _manifest(path: str, root: str | None, on_error: Any, form: Mapping[str, Any], kinds: Kinds) -> Manifest:
    """Return a table whose files lie below the dataset's root, if it lies there itself, else in its own folder."""
    refuse_absent(path)
    if root is None or not Path(path).resolve().is_relative_to(Path(root).resolve()):
        manifest = Manifest(manifest=path, on_error=on_error, csv=form)
    else:
        manifest = Manifest(root=root, manifest=os.path.relpath(path, root), on_error=on_error, csv=form)
    manifest.kinds = kinds
    return manifest
