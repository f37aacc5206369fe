"""Datasets give samples; they know nothing of models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, get_args

from mmexp.contract import Sample, Split
from mmexp.dataset.column import Column
from mmexp.dataset.kind.kinds import Kinds, standard
from mmexp.dataset.table.inspection import Progress
from mmexp.dataset.table.overview import ColumnOverview
from mmexp.error import ConfigError

SPLITS: tuple[Split, ...] = get_args(Split)


class MultimodalDataset(ABC):
    """Named splits of samples, what they offer, and what only the data knows.

    Attributes:
        inputs: Modality -> the column it is read from, or the columns, in the order offered.
        extra: Further modalities likewise, encoded only if the task or the root key ``inputs`` names them.
        targets: Target name -> the column it is read from. A modality read from the same column as a target the task
            asks for is not offered as an input, so that no answer leaks into the question.
        companions: Target name -> the modalities that are encoded for it unless others are named; those in ``inputs``
            for a target without any.
        trained: Facts from training, where a run that is trained already reads this.
        notes: What ``prepare`` guessed, or found that a user should know, a line each.
        skipped: What ``prepare`` left out: one row ``{"id", "path", "reason"}`` each.
        progress: Takes how many files of how many ``prepare`` has read; None if nobody watches.
        deep: Whether ``prepare`` reads every file anew, even one that it remembers.
        unlabeled: Number of samples of the training split without any target, which are its last ones.
        leak_refused: Whether a sample of test that was learned from is refused, as another split is to be had.

    Example:
        >>> import numpy as np
        >>> from mmexp import MultimodalDataset, Sample
        >>> class Signs(MultimodalDataset):
        ...     inputs, targets = {"vector": "vector"}, {"label": "label"}
        ...     def prepare(self, splits=SPLITS):
        ...         self.numbers = {name: np.random.default_rng(i).normal(size=(8, 1)) for i, name in enumerate(SPLITS)}
        ...     def split(self, name):
        ...         samples = enumerate(self.numbers[name].astype(np.float32))
        ...         return [Sample(f"{name}-{i}", {"vector": x}, {"label": int(x[0] > 0)}) for i, x in samples]
        ...     def describe(self):
        ...         vector = {"kind": "vector", "width": 1, "length": None, "mean": [0.0], "std": [1.0]}
        ...         sizes = {name: len(rows) for name, rows in self.numbers.items()}
        ...         return {"classes": {"label": [0, 1]}, "sizes": sizes, "modality": {"vector": vector}}
        ...     def texts(self):
        ...         return iter(())
        ...     def values(self, target):
        ...         return (sample.targets[target] for sample in self.split("train"))
        ...     def fingerprint(self):
        ...         return "signs-1"
        >>> dataset = Signs()
        >>> dataset.prepare()
        >>> dataset.split("val")[0].id, sorted(set(dataset.values("label")))
        ('val-0', [0, 1])
    """

    inputs: Mapping[str, Column]
    extra: Mapping[str, Column] = MappingProxyType({})
    targets: Mapping[str, str]
    companions: Mapping[str, Sequence[str]] = MappingProxyType({})
    trained: Mapping[str, Any] = MappingProxyType({})
    skipped: Sequence[Mapping[str, str]] = ()
    notes: Sequence[str] = ()
    progress: Progress | None = None
    deep: bool = False
    unlabeled: int = 0
    leak_refused: bool = False

    @cached_property
    def kinds(self) -> Kinds:
        """Kinds of data that are known: those of mmexp, unless what builds the dataset sets those of the config."""
        return standard()

    @abstractmethod
    def prepare(self, splits: Sequence[Split] = SPLITS) -> None:
        """Check everything that can be checked before training, and write caches. Called once per process.

        Args:
            splits: Only these must be there, and only they are known afterwards.

        Raises:
            DataError: On the first fault that may not be skipped.
        """

    @abstractmethod
    def split(self, name: Split) -> Sequence[Sample]:
        """A picklable sequence; ``[i]`` reads sample i, in a worker."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Facts of the training split, as plain JSON.

        ``classes``: {target: sorted list of its values} for every label-like target; of ``objects`` their categories,
        of ``mask`` the name of each number in order, of ``tags`` all tags, of ``triples`` the relations;
        ``sizes``: {split: number of samples}; and whatever else a component reads through ``${facts:...}``.
        """

    @abstractmethod
    def texts(self) -> Iterator[str]:
        """Every text of the training split, inputs and targets, to train a tokenizer on."""

    @abstractmethod
    def values(self, target: str) -> Iterator[Any]:
        """One target's values over the training split, in order, without reading images or audio."""

    def tables(self) -> Mapping[str, Iterable[Any]]:
        """Facts too long for ``describe``, in rows of plain JSON.

        Each that the config asks for is kept in a file of the run folder, a row per line: ``${facts:<name>}`` is its
        path. By default those that the kinds of the targets give, such as the captions of the training split as
        ``references``.
        """
        found: dict[str, Iterable[Any]] = {}
        for target in self.targets:
            found |= self.kinds.of_target(target).tables(target, self.values(target), self.describe)
        return found

    def overview(self) -> Sequence[ColumnOverview]:
        """Return what each column is, without opening any file; empty if the dataset is no table. Before ``prepare``.

        Raises:
            DataError: If the table cannot be read.
        """
        return ()

    def lengths(self, split: Split, name: str) -> Iterator[Any]:
        """Return the values of one modality, or target, whose length is counted; None where a sample has none.

        By default the values of the samples. Of a file it may be what was kept of it, so that none is read again.
        """
        for sample in self.split(split):
            yield sample.inputs[name] if name in sample.inputs else sample.targets.get(name)

    def narrow(self, inputs: Mapping[str, Column], targets: Mapping[str, str]) -> None:  # noqa: B027
        """Offer only the columns that a run was trained on, where that makes less to read. Called before ``prepare``.

        Args:
            inputs: Modality -> column, of those that the model encodes.
            targets: Target -> column, of those that its task needs.
        """

    def take_whole(self, split: Split, known: str | None) -> bool:
        """Put every sample of another table into one split, unless it says which ones are of it.

        Called before ``prepare``. How the splits of the table that was trained on were drawn or grouped does not count.

        Args:
            split: That is evaluated.
            known: Hash of the table that was trained on, whose splits stay as they were.

        Returns:
            Whether that was done; never by default.
        """
        return False

    def fold_names(self, folds: str | int) -> list[str]:
        """Return the names of the folds that there are, in order. Called before ``prepare``.

        Args:
            folds: ``groups`` for one per group, or how many.

        Raises:
            ConfigError: If this dataset has none, which is the default.
        """
        name = type(self).__name__
        raise ConfigError(f"folds must be null with this dataset, got {folds!r} with {name}.")

    def take_fold(self, folds: str | int, fold: str) -> None:
        """Test one fold, and train on the others. Called before ``prepare``.

        Args:
            folds: ``groups`` for one per group, or how many.
            fold: Name of the one.

        Raises:
            ConfigError: If this dataset has none, which is the default.
        """
        self.fold_names(folds)

    def groups(self, split: Split) -> Mapping[str, str]:
        """Return the group (speaker, patient ...) by the id of a sample of a split; empty if that is not known."""
        return {}

    def column(self, name: str) -> Mapping[str, Any]:
        """Return the value of a column by the id of a sample, also of one that is neither input nor target.

        Raises:
            ConfigError: If there is none of the name; by default there are no columns.
        """
        raise ConfigError(f"column must be one of a table, got '{name}' with {type(self).__name__}.")

    def grouping(self) -> Mapping[str, Any]:
        """Return what a verdict must know of the groups of the test split, as plain JSON.

        ``column`` that names them, their ``number``, and how many of them were ``seen`` in training; or, where none is
        named, what is ``likely`` to make groups of samples; empty if samples are independent of one another.
        """
        return {}

    @abstractmethod
    def fingerprint(self) -> str:
        """Hash of what the splits hold: equal if and only if two runs saw the same data."""
