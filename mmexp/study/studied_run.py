"""A trained run with the samples of a split, to be evaluated on them as they are and altered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from mmexp.contract import Sample
from mmexp.dataset.base import MultimodalDataset
from mmexp.dataset.control import ShuffledInputs
from mmexp.error import ConfigError, nearest
from mmexp.inference.evaluate import split_samples
from mmexp.inference.predictor import BatchChange, EvaluatedSplit, Predictor, restore
from mmexp.inference.read_once import ReadOnce
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow, row
from mmexp.study.altered import Exchanged, Without, blanked
from mmexp.study.scored import Scored, score

MOST = 6
"""Modalities of which every subset is evaluated."""
ABSENT = ("missing", "shuffled", "blank")
"""What a model may be given of a modality that it is to do without."""


@dataclass(frozen=True)
class StudiedRun:
    """A trained run, and the split that it is studied on.

    Args:
        trained: Its model.
        run: Its row.
        samples: Of the split.
        groups: Of samples, by id.
        split: Name of the split.
        metric: Key of the metric that it is measured by.
        dataset: That the samples are of.
        notes: What a user should know of the data.
    """

    trained: Predictor
    run: RunRow
    samples: Sequence[Sample]
    groups: Mapping[str, str]
    split: EvaluatedSplit
    metric: str
    dataset: MultimodalDataset
    notes: Sequence[str] = ()

    @property
    def inputs(self) -> list[str]:
        """Modalities that the model encodes, in order."""
        return list(self.trained.facts["inputs"])

    @property
    def removable(self) -> list[str]:
        """Modalities that its task can do without."""
        needed = {*(self.trained.task.inputs or ()), self.trained.task.anchor}
        return [name for name in self.inputs if name not in needed]

    @property
    def sign(self) -> int:
        """1 if more of the metric is better, -1 if less is."""
        return self.sign_of(self.metric)

    def sign_of(self, metric: str) -> int:
        """Return 1 if more of a metric is better, -1 if less is."""
        own = self.run.mode if metric.partition("/")[2] == self.run.monitor.partition("/")[2] else "max"
        return -1 if self.run.directions.get(metric, own) == "min" else 1

    def plain(self) -> dict[str, Any]:
        """Return what everything that is written of it begins with."""
        return {
            "run": self.run.folder.id,
            "fusion": self.run.config.get("fusion"),
            "split": self.split,
            "samples": len(self.samples),
            "metric": self.metric,
        }

    def kind(self, modality: str) -> str:
        """Return the kind of data of a modality."""
        return str(self.trained.facts.of(modality).get("kind", modality))

    def score(self, samples: Sequence[Sample] | None = None, changed: BatchChange | None = None) -> Scored:
        """Evaluate the run on altered samples, on the split as it is if None, after a change of each batch, if any."""
        chosen = self.samples if samples is None else samples
        return score(self.trained, chosen, self.split, self.run, self.groups, changed)

    def score_without(self, names: Collection[str], absent: str = "missing") -> Scored:
        """Evaluate the run with some modalities absent from all samples.

        Args:
            names: Of the modalities.
            absent: ``missing`` for a missing key, which the run's ``missing`` policy deals with; ``shuffled`` for
                those of another sample, all from the same one unless the task learns what belongs together;
                ``blank`` for zeros as the encoder reads them.
        """
        if not names:
            return self.score()
        if absent == "missing":
            every = np.ones(len(self.samples), bool)
            return self.score(Without(self.samples, dict.fromkeys(names, every)))
        if absent == "shuffled":
            others = ShuffledInputs(self.samples, self.trained.task.paired)
            return self.score(Exchanged(self.samples, others, frozenset(names)))
        stores = {name: one for name, one in self.trained.stores.items() if name not in names}
        anew = replace(self, trained=replace(self.trained, once=None, stores=stores))  # encoders read the zeros
        with blanked(dict(self.trained.module.model.encoders.items()), names):
            return anew.score()


def subsets(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return every subset, the largest first, each in the order of the names; the last is empty."""
    return [one for size in range(len(names), -1, -1) for one in combinations(names, size)]


def studied_run(
    folder: RunFolder, overrides: Iterable[str] = (), split: EvaluatedSplit = "test", metric: str = ""
) -> StudiedRun:
    """Restore a run and read a split.

    Args:
        folder: The run.
        overrides: As typed, of keys that may change after training.
        split: That it is studied on.
        metric: Name without the split; the one that the best checkpoint was chosen by if empty.

    Raises:
        ConfigError: If the run cannot be restored, or reports no such metric.
        DataError: If its data is refused.
    """
    trained, known = restore(folder, tuple(overrides)), row(folder)
    named = f"{split}/{metric or known.monitor.partition('/')[2]}"
    if metric and named not in known.metrics:
        names = sorted(key.partition("/")[2] for key in known.metrics if key.startswith(f"{split}/"))
        rule = f"study: --metric must be one of {', '.join(names)}, got '{metric}'"
        raise ConfigError(f"{rule}. {nearest(metric, names)}")
    read = split_samples(trained, split)
    once = ReadOnce(read.samples)
    trained = replace(trained, once=once)
    return StudiedRun(trained, known, once, read.dataset.groups(split), split, named, read.dataset, read.notes)
