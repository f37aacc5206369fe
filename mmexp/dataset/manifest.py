"""A user's own data: one table, and files next to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from mmexp.contract import Sample, Split
from mmexp.dataset.base import SPLITS, MultimodalDataset
from mmexp.dataset.column import Column, as_mapping
from mmexp.dataset.kind.base import Names
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.table.class_notes import class_notes
from mmexp.dataset.table.classes import classes_of
from mmexp.dataset.table.columns import choose, kinds_of, target_kinds
from mmexp.dataset.table.described import describe_columns
from mmexp.dataset.table.division import Division
from mmexp.dataset.table.error_policy import ErrorPolicy, read_limit
from mmexp.dataset.table.fingerprint import fingerprint, table_fingerprint
from mmexp.dataset.table.gaps import refuse_constants, refuse_gaps
from mmexp.dataset.table.inspection_cache import InspectionCache, cache_file
from mmexp.dataset.table.leak import LeakPolicy, OnLeak, same_samples
from mmexp.dataset.table.overview import ColumnOverview, overview
from mmexp.dataset.table.reader import Record, column_names, find_table
from mmexp.dataset.table.records import TableRecords
from mmexp.dataset.table.rows import Fields, Row, Rows, lengths, prose, set_apart
from mmexp.dataset.table.split_rule import SplitRule
from mmexp.dataset.table.text_format import TextFormat
from mmexp.dataset.table.validate import Validator
from mmexp.error import DataError


class Manifest(TableRecords, MultimodalDataset):
    """Reads your own data: a JSONL, CSV, TSV or Parquet table with a row per sample and paths relative to the table.

    A row may have an ``id`` (else it is named by its line) and leave an input empty, which is then missing; each target
    must be there, unless ``split.unlabeled`` says otherwise. Each file is read once by ``prepare``, so that a broken
    one is refused before training. A path that leaves the root, or is no plain relative path, is always refused.

    Args:
        root: Folder that holds everything; the manifest's own folder if None.
        manifest: Path of the table, below root if that is given.
        inputs: Modality -> column; None takes image, audio, text, vector and video from columns of those names, text
            also from title, question or captions, and for the targets they go with words (or tokens), items, head,
            relation and history, the turns of a dialogue. A modality of another name is of the kind that its first
            value looks like: a path of an image or audio file, a list of paths of images (a video), a list of numbers
            or of such lists (a vector, a sequence of them), else a text; several columns, such as
            tabular=[age,city], are one row of numbers and categories.
        targets: Target -> column; None takes captions, label, labels, answer, answers, mask, objects, tags, transcript,
            score, item, tail, reply and anomaly where they are. An image or audio may be a target too: image=photo.
        split: Fields of ``SplitRule``: ``column``, or ``ratios`` and ``seed``, or ``everything``; ``test_groups`` and
            ``val_groups``; ``groups``; ``unlabeled``. A column without rows of val has them drawn from train.
        group_by: Column whose equal values stay on one side; the manifest's own split is then ignored.
        classes: Names of the numbers of a mask in order, such as mask=[sky,road,null], or by number, such as
            mask={0: sky, 255: road}; pixels of a number without a name count for nothing, as do those of 255. The
            numbers stand for themselves if None.
        csv: Fields of ``TextFormat``: ``delimiter``, ``encoding``, ``decimal``, ``quoting``, ``lists``.
        on_error: ``raise`` on a broken file or unlabeled row, ``skip`` it, or the largest share to skip, in (0, 1).
        on_leak: ``raise`` if the content of a file, or a row of numbers, is in two splits; ``warn`` goes on, and draws
            splits row by row; else rows of one file, or of the same numbers, are drawn together.

    Raises:
        ConfigError: If the arguments contradict each other or the manifest is not there.
    """

    def __init__(
        self,
        *,
        root: str | None = None,
        manifest: str = "manifest.jsonl",
        inputs: Mapping[str, str | Sequence[str] | None] | None = None,
        targets: Mapping[str, str | None] | None = None,
        split: Mapping[str, Any] | None = None,
        group_by: str | None = None,
        classes: Mapping[str, Names] | None = None,
        csv: Mapping[str, str | None] | None = None,
        on_error: Literal["raise", "skip"] | float = "raise",
        on_leak: OnLeak = "raise",
    ) -> None:
        self.path = find_table(root, manifest)
        self.folder = Folder(self.path.parent if root is None else Path(root), self.path.parent)
        self.division = Division(SplitRule.of(split), group_by)
        self.limit = read_limit(on_error)
        self.form = TextFormat.of(csv)
        self.leak_policy = LeakPolicy(on_leak, group_by)
        self.leak_refused = not self.leak_policy.warns
        self._inputs = as_mapping("dataset.inputs", inputs)
        self._targets = as_mapping("dataset.targets", targets)
        self._names = as_mapping("dataset.classes", classes) or {}

    @cached_property
    def inputs(self) -> Mapping[str, Column]:  # type: ignore[override]
        return {name: column for name, column in self._offered.items() if name not in self.extra}

    @cached_property
    def extra(self) -> Mapping[str, Column]:  # type: ignore[override]
        extra = {*chain(*self.kinds.companions.values())} if self._inputs is None else ()
        return {name: column for name, column in self._offered.items() if name in extra}

    @cached_property
    def targets(self) -> Mapping[str, str]:  # type: ignore[override]
        return choose("targets", self._targets, self.kinds.targets, self._records, self.kinds)

    @cached_property
    def companions(self) -> Mapping[str, Sequence[str]]:  # type: ignore[override]
        own = {target: self.kinds.companions.get(target, ()) for target in self.kinds.targets}
        return {name: [*self.inputs, *(one for one in self.extra if one in others)] for name, others in own.items()}

    @property
    def apart(self) -> Mapping[str, Column]:
        """Inputs whose files may be in one split only."""
        return self._offered

    @cached_property
    def fields(self) -> Fields:
        """Kind of each input and target."""
        kinds, trained = self.kinds.with_decimal(self.form.decimal), self.trained
        inputs = kinds_of(self._offered, self._records, kinds, trained.get("modality", {}))
        targets = target_kinds(self.targets, self._records, kinds, trained.get("target", {}), self._names)
        return Fields(inputs, targets)

    @cached_property
    def table(self) -> str:
        """Hash of the table alone, in whatever order and wherever it lies."""
        return table_fingerprint(self._records)

    def narrow(self, inputs: Mapping[str, Column], targets: Mapping[str, str]) -> None:
        self._inputs = {**inputs, **(self._inputs or {})}
        self._targets = {**targets, **(self._targets or {})}

    def take_whole(self, split: Split, known: str | None) -> bool:
        return self.table != known and self.division.take_whole(self._records, split, self.trained.get("groups", {}))

    def fold_names(self, folds: str | int) -> list[str]:
        return self.division.fold_names(self._records, folds)

    def take_fold(self, folds: str | int, fold: str) -> None:
        self.division.take_fold(folds, fold)

    def groups(self, split: Split) -> Mapping[str, str]:
        return self.division.groups(split)

    def grouping(self) -> Mapping[str, Any]:
        return self.division.grouping()

    def prepare(self, splits: Sequence[Split] = SPLITS) -> None:
        units = None if self.leak_policy.warns else same_samples(self._records, self.apart, self.fields.inputs)
        self._sides = self.division.prepare(self._records, splits, units, self.targets.values())
        asked = [record for record in self._records if self._sides[record.id] in splits]
        rows = sorted(self._usable(asked, self._offered, self.targets, self.fields), key=lambda row: not row.targets)
        self._rows = {name: [row for row in rows if self._sides[row.id] == name] for name in splits}
        refuse_gaps(self._rows, self._offered, self.path)
        leaks = self.leak_policy.check(self._rows, self._inspected, self.apart, str(self.path))
        self._splits, self.unlabeled = set_apart(self._rows)
        offered, targets = list(self._offered.values()), list(self.targets.values())
        self._notes = [*self.division.read_notes(self._records, offered, targets, units or []), *leaks]
        if "train" in splits:
            scalar = [name for name in self.targets if self.fields.targets[name].scalar]
            refuse_constants({name: self._classes(name) for name in scalar}, self.targets, self.path)

    @property
    def notes(self) -> list[str]:  # type: ignore[override]
        facts = self.trained or self.describe()
        return [*self.division.notes, *self._notes, *class_notes(self.fields, self._splits, facts)]

    def overview(self) -> Sequence[ColumnOverview]:
        return overview(self._offered, self.targets, self.fields, self._records, self.kinds)

    def split(self, name: Split) -> Sequence[Sample]:
        return Rows(self._rows[name], self.folder, self._digests)

    def everything(self, options: Mapping[str, Sequence[Column]]) -> Sequence[Sample]:
        """Every row in order, whatever its split, and without targets.

        Args:
            options: Columns to look for, by modality.

        Raises:
            DataError: If none is there, or on the first fault that may not be skipped.
        """
        inputs = choose("inputs", None, options, self._records, self.kinds)
        if not inputs:
            known = ", ".join(column_names(self._records))
            rule = f"the table must have a column of {', '.join(options)} with a value in some row"
            raise DataError(f"{rule}, got {known}.", path=str(self.path))
        kinds = self.kinds.with_decimal(self.form.decimal)
        fields = Fields(kinds_of(inputs, self._records, kinds, self.trained.get("modality", {})))
        return Rows(self._usable(self._records, inputs, {}, fields), self.folder, self._digests)

    def describe(self) -> dict[str, Any]:
        """Facts of the training split.

        ``classes``, ``sizes``, ``columns``, ``table``; with group_by ``groups``; ``modality``: by modality its ``kind``
        and the facts that its encoder needs, where there are any or its name is not that of its kind; what a kind says
        of all its files, such as ``sample_rate``.
        """
        facts: dict[str, Any] = {
            "classes": {name: values for name in self.targets if (values := self._classes(name))},
            "sizes": {name: len(rows) for name, rows in self._splits.items()},
            "columns": {"inputs": dict(self._offered), "targets": dict(self.targets)},
            "table": self.table,
        }
        facts |= describe_columns(self.fields, self._offered, self._splits, self._inspected, self.kinds)
        return facts | self.division.facts()

    def texts(self) -> Iterator[str]:
        return prose(self._rows["train"], self._offered, self.targets)

    def values(self, target: str) -> Iterator[Any]:
        return (row.targets[target] for row in self._splits["train"])

    def lengths(self, split: Split, name: str) -> Iterator[Any]:
        return lengths(self._splits[split], name, self._inspected)

    def fingerprint(self) -> str:
        """Hash the rows as used, in order: id, split, texts, targets, content of files; the same for all folds."""
        return fingerprint(self.division.compared(self._rows), self._inspected, self._names.values())

    @cached_property
    def _offered(self) -> Mapping[str, Column]:
        return choose("inputs", self._inputs, self.kinds.inputs, self._records, self.kinds)

    def _usable(
        self, records: Sequence[Record], inputs: Mapping[str, Column], targets: Mapping[str, str], fields: Fields
    ) -> list[Row]:
        """Look at every cell and file of some records, and keep what was found."""
        policy = ErrorPolicy(self.limit, len(records))
        validator = Validator(
            inputs=inputs,
            targets=targets,
            fields=fields,
            folder=self.folder,
            policy=policy,
            lists=self.kinds.list_columns,
            form=self.form,
            cache=InspectionCache(cache_file(self.folder.root), self.deep),
            unlabeled=self.division.rule.unlabeled,
        )
        rows = validator.rows(records, self.progress)
        self.skipped, self._inspected = policy.skipped, validator.inspected
        self._digests = {file: found.digest for file, found in validator.inspected.items()}
        return rows

    def _classes(self, name: str) -> list[str | int]:
        return classes_of(name, self.fields.targets[name], self._splits, self._inspected)
