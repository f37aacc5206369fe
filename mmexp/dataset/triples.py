"""A knowledge graph as the questions that its facts answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from mmexp.dataset.base import SPLITS, MultimodalDataset
from mmexp.dataset.column import Column
from mmexp.dataset.kind.cell import absent
from mmexp.dataset.link import Triple, both_ways, questions
from mmexp.dataset.manifest import Manifest
from mmexp.dataset.table.reader import Record, column_names, find_table, read_table
from mmexp.dataset.table.split import SPELLINGS, draw
from mmexp.error import ConfigError, DataError

ENDS = ("head", "relation", "tail")
ASKED = "asked"


class Triples(Manifest):
    """Reads a knowledge graph: every fact asked in both directions, and tables of what its entities are like.

    The question read backwards has ``~`` behind its relation, and is in the split of its fact. Inputs are ``head``,
    ``relation`` and the columns of the table of entities, and, if it is named, ``asked``, both head and relation; the
    target is ``tail``. Without a split in the table it is drawn, a tenth each for val and test. Facts that are known in
    any split are the table ``triples``, to filter by; those of the training split are the table ``edges``, to learn by.

    Source: reciprocal questions as in Lacroix et al. 2018, https://arxiv.org/abs/1806.07297.

    Args:
        root: Folder that holds everything; the manifest's own folder if None.
        manifest: Table with columns head, relation, tail and split; or a file ``train.tsv`` (``train.txt``) whose lines
            are head, relation and tail between tabs, next to one of the like for val (valid, dev) and one for test.
        entities: Table with a column ``id``, the entity, and others to show of a head: text, image, audio, vector or
            video; below root. None shows nothing but the head itself.
        on_error: ``raise`` on a broken file of an entity, ``skip`` its questions, or the largest share to skip.

    Raises:
        ConfigError: If a table is not there, or lacks a column.
    """

    def __init__(
        self,
        *,
        root: str | None = None,
        manifest: str = "manifest.jsonl",
        entities: str | None = None,
        on_error: Literal["raise", "skip"] | float = "raise",
    ) -> None:
        targets = {"tail": "tail", "query": "query"}
        super().__init__(root=root, manifest=manifest, targets=targets, on_error=on_error)
        self._repeats = 0
        self.entities = None if entities is None else find_table(root or str(self.path.parent), entities)

    @property
    def extra(self) -> Mapping[str, Column]:  # type: ignore[override]
        return {ASKED: self._offered[ASKED]}

    @property
    def apart(self) -> Mapping[str, Column]:
        """None: an entity looks the same in every split."""
        return {}

    @property
    def notes(self) -> list[str]:  # type: ignore[override]
        repeats = f"{self._repeats} lines repeat a fact of their split, and are left out."
        return [*super().notes, *([repeats] if self._repeats else [])]

    def narrow(self, inputs: Mapping[str, Column], targets: Mapping[str, str]) -> None:
        """Keep everything: a rank is filtered by queries, which no task names as its target."""

    def fold_names(self, folds: str | int) -> list[str]:
        """Refuse folds: facts of one entity hang together.

        Raises:
            ConfigError: Always.
        """
        return MultimodalDataset.fold_names(self, folds)

    def take_fold(self, folds: str | int, fold: str) -> None:
        """Refuse a fold.

        Raises:
            ConfigError: Always.
        """
        self.fold_names(folds)

    def describe(self) -> dict[str, Any]:
        """Facts of the training split, but that ``classes.tail`` are the entities of all splits."""
        found = sorted({end for record in self._facts for end in (record.values["head"], record.values["tail"])})
        return {**super().describe(), "classes": {"tail": found}}

    def tables(self) -> Mapping[str, Iterable[Triple]]:
        """``triples``: every question of every split with its answer; ``edges``: those of the training split."""
        trained = (record for record in self._facts if self._sides.get(record.id) == "train")
        return {"triples": both_ways(map(triple_of, self._facts)), "edges": both_ways(map(triple_of, trained))}

    @cached_property
    def _records(self) -> list[Record]:
        """A row for each question."""
        shown = self._shown
        return [
            Record(f"{record.id}{mark}", record.where, {**shown.get(asked[0], {}), **_question(asked), "split": split})
            for record in self._facts
            for split in [record.values["split"]]
            for mark, asked in zip(("", "~"), questions(triple_of(record)), strict=True)
        ]

    @cached_property
    def _facts(self) -> list[Record]:
        """A row for each fact, with its split."""
        records = list(read_lines(self.path)) if is_bare(self.path) else read_table(self.path)
        columns = column_names(records)
        if lacking := [name for name in ENDS if name not in columns]:
            raise ConfigError(
                f"dataset.manifest must have columns {', '.join(ENDS)}, got {', '.join(columns)}.",
                hint=f"Rename those that are the {' and the '.join(lacking)}, or give a file train.tsv without header.",
            )
        if "split" not in columns:
            sides = draw([record.id for record in records], self.division.rule)
            records = [Record(one.id, one.where, {**one.values, "split": sides[one.id]}) for one in records]
        facts = refuse_twice([_checked(record) for record in records])
        self._repeats = len(records) - len(facts)
        return facts

    @property
    def _shown(self) -> dict[str, dict[str, Any]]:
        """Columns of each entity."""
        if self.entities is None:
            return {}
        rows = read_table(self.entities)
        if "id" not in column_names(rows):
            raise ConfigError(f"dataset.entities must have a column id, got {', '.join(column_names(rows))}.")
        return {row.id: {name: cell for name, cell in row.values.items() if name != "id"} for row in rows}


def triple_of(record: Record) -> Triple:
    """Head, relation and tail of a row."""
    head, relation, tail = (record.values[name] for name in ENDS)
    return head, relation, tail


def is_bare(path: Path) -> bool:
    """Whether a file is one of a split, without header."""
    return path.stem in SPELLINGS and path.suffix in (".tsv", ".txt")


def read_lines(path: Path) -> Iterator[Record]:
    """Read head, relation and tail between tabs from the file of one split, and from those of the others next to it.

    Raises:
        ConfigError: If a split has no file.
        DataError: If a line has more or less than three cells, or is not UTF-8.
    """
    for split in SPLITS:
        spelt = [name for name, meant in SPELLINGS.items() if meant == split]
        files = [file for name in spelt if (file := path.with_name(f"{name}{path.suffix}")).is_file()]
        if not files:
            names = " or ".join(f"{name}{path.suffix}" for name in spelt)
            raise ConfigError(f"dataset.manifest: {path.name} must be next to {names}, got none in {path.parent}.")
        try:
            lines = files[0].read_text(encoding="utf-8-sig").split("\n")
        except UnicodeDecodeError as fault:
            raise DataError(f"text must be UTF-8, got {fault}.", path=str(files[0])) from None
        for number, line in enumerate(lines, 1):
            cells, where = line.rstrip("\r").split("\t"), f"{files[0]}:{number}"
            if not line.strip() or (number == 1 and cells == list(ENDS)):
                continue
            if len(cells) != len(ENDS):
                raise DataError(f"a line must be head, relation and tail between tabs, got {line[:60]!r}.", path=where)
            yield Record(f"{split}-{number}", where, {**dict(zip(ENDS, cells, strict=True)), "split": split})


def refuse_twice(records: Sequence[Record]) -> list[Record]:
    """Give the rows but those that repeat a fact of their own split.

    Raises:
        DataError: If a fact is in two splits.
    """
    first: dict[Triple, Record] = {}
    for record in records:
        other = first.setdefault(triple_of(record), record)
        sides = [SPELLINGS.get(str(one.values["split"]), one.values["split"]) for one in (other, record)]
        if sides[0] != sides[1]:
            rule = f"a fact must be in one split, got {sides[1]}, and {sides[0]} at {other.where}"
            raise DataError(f"{rule}.", sample=record.id, path=record.where, hint="Leave one of the two lines out.")
    return list(first.values())


def _checked(record: Record) -> Record:
    """Make texts of the ends of a fact."""
    for name in ENDS:
        value = record.values.get(name)
        if absent(value) or isinstance(value, bool) or not isinstance(value, str | int):
            rule = f"{name} must be a text or a whole number, got {value!r}"
            raise DataError(f"{rule}.", sample=record.id, path=record.where)
    ends = {name: str(record.values[name]) for name in ENDS}
    return Record(record.id, record.where, {**ends, "split": record.values.get("split")})


def _question(asked: Triple) -> dict[str, Any]:
    return {**dict(zip(ENDS, asked, strict=True)), "query": list(asked[:2]), ASKED: list(asked[:2])}
