"""Who liked what and when, with the content of the items."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mmexp.contract import Sample, Split
from mmexp.dataset.base import SPLITS, MultimodalDataset
from mmexp.dataset.catalogue import catalogue
from mmexp.dataset.column import Column, as_mapping
from mmexp.dataset.histories import Turns, leave_last_out, target_notes
from mmexp.dataset.item_features import read_features
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.cell import absent
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.table.columns import kinds_of, known
from mmexp.dataset.table.reader import Record, column_names, read_table
from mmexp.error import ConfigError, DataError

COLUMNS = {"user": "user_id", "item": "item_id", "rating": "rating", "time": "timestamp", "name": "title"}
"""Columns by what they hold."""
_DIGITS = 4  # decimals of content that the catalogue keeps


class Ratings(MultimodalDataset):
    """Reads tables of ratings, items and users, and asks what a user likes next.

    What a user rated well, in the order of time (then of the table), is the history. The last item of each user is for
    test, the last but one for val, and each before it, with the history it had then, for training. Inputs are the
    history itself, ``items``; each part of the content of its items; and ``user``, if there is a table of users.
    Candidates are all items of the table of items and of the training split.

    Source: Harper and Konstan 2015, "The MovieLens Datasets"; the split: Kang and McAuley 2018, see ``leave_last_out``.

    Args:
        root: Folder that holds everything; no path leads outside.
        ratings: Table with a row per user and item.
        items: Table with a row per item; None if nothing is known of them.
        users: Table with a row per user, each of whose columns is a fact; None if nothing is known of them.
        columns: Columns other than COLUMNS, such as columns={user: who}; rating=null if every row counts as liked,
            name=null to call items by the column of ``item``.
        content: Modality -> column of the table of items that holds images, texts or numbers, see ``read_features``.
        threshold: Rating from which an item is liked.
        length: Items in a history at most.

    Raises:
        ConfigError: If a table or column is not there, or a name or number is not allowed.
    """

    def __init__(
        self,
        *,
        root: str = ".",
        ratings: str = "ratings.csv",
        items: str | None = None,
        users: str | None = None,
        columns: Mapping[str, str | None] | None = None,
        content: Mapping[str, str] | None = None,
        threshold: float = 4.0,
        length: int = 50,
    ) -> None:
        if not Path(root).is_dir():
            raise ConfigError(f"dataset.root must be a folder, got {root!r}.")
        self.folder = Folder(Path(root), Path(root))
        self.paths = {
            name: self._find(name, path)
            for name, path in {"ratings": ratings, "items": items, "users": users}.items()
            if path is not None
        }
        self.columns = {**COLUMNS, **(as_mapping("dataset.columns", columns, tuple(COLUMNS)) or {})}
        self.parts = as_mapping("dataset.content", content) or {}
        if self.parts and items is None:
            raise ConfigError("dataset.items must be a table with dataset.content, got null.")
        if taken := {"items", "user"} & {*self.parts}:
            raise ConfigError(f"dataset.content must have another name than {taken.pop()}, which is an input already.")
        if length < 1:
            raise ConfigError(f"dataset.length must be at least 1, got {length}.")
        self.threshold, self.length = threshold, length
        self.targets = {"item": str(self.columns["item"])}

    @cached_property
    def inputs(self) -> Mapping[str, Column]:  # type: ignore[override]
        facts = {"user": tuple(self._facts)} if self._facts else {}
        return {"items": "history", **self.parts, **facts}

    def prepare(self, splits: Sequence[Split] = SPLITS) -> None:
        sides = leave_last_out(self.taken)
        for name in splits:
            if not sides[name]:
                rule = f"split {name} must have a row, got none: no user likes enough items"
                raise DataError(f"{rule}.", path=str(self.paths["ratings"]), hint="Set dataset.threshold=0.")
        self._splits = {
            name: Turns(sides[name], taken=self.taken, content=self.content, users=self.users, length=self.length)
            for name in SPLITS
        }
        self.notes = list(target_notes(self._splits, {*self.items}))

    def split(self, name: Split) -> Sequence[Sample]:
        return self._splits[name]

    def describe(self) -> dict[str, Any]:
        """Facts of the training split, of content ``width`` F and ``length``, and of users ``columns``."""
        widths = {name: len(next(iter(rows.values()))) for name, rows in self.content.items()}
        own: dict[str, Any] = {"items": {"kind": "symbols", "symbols": self.items}}
        own |= {name: {"kind": "vector", "width": width, "length": self.length} for name, width in widths.items()}
        if self._facts:
            users = [*self.users.values()]
            own["user"] = {"kind": "tabular", **self._user.describe(users, self._facts, users)}
        return {
            "classes": {"item": self.items},
            "sizes": {name: len(turns) for name, turns in self._splits.items()},
            "modality": own,
        }

    def tables(self) -> Mapping[str, Iterable[Any]]:
        """The ``catalogue``: every item with its content, and how often the training split has it."""
        content = {
            name: {item: np.round(row, _DIGITS).tolist() for item, row in rows.items()}
            for name, rows in self.content.items()
        }
        return {"catalogue": catalogue(self.items, self._taught(), content)}

    def texts(self) -> Iterator[str]:
        yield from self.items

    def values(self, target: str) -> Iterator[Any]:
        return self._splits["train"].targets()

    def fingerprint(self) -> str:
        """Hash what everyone took in order, what is known of users and items, and the length of histories."""
        found = hashlib.sha256(json.dumps([self.length, self.items, self.taken, self.users]).encode())
        for name, rows in self.content.items():
            for item, row in sorted(rows.items()):
                found.update(json.dumps([name, item]).encode() + row.tobytes())
        return found.hexdigest()

    @cached_property
    def items(self) -> list[str]:
        """Names of all candidates, sorted."""
        return sorted({*self._names.values(), *self._taught()})

    @cached_property
    def taken(self) -> dict[str, list[str]]:
        """Names of the items that each user likes, the oldest first."""
        rows: dict[str, list[tuple[float, str]]] = {}
        for record in self._read("ratings", "user", "item", "rating", "time"):
            if self.columns["rating"] is None or self._number(record, "rating") >= self.threshold:
                item = self._key(record, "item")
                liked = (self._number(record, "time"), self._names.get(item, item))
                rows.setdefault(self._key(record, "user"), []).append(liked)
        return {user: [item for _, item in sorted(liked, key=lambda one: one[0])] for user, liked in rows.items()}

    @cached_property
    def content(self) -> dict[str, dict[str, np.ndarray]]:
        """By modality and name of the item, what it is like. [F]"""
        named = {self._names[item]: record for item, record in self._items.items()}
        return {name: read_features(column, named, self.folder, self.kinds) for name, column in self.parts.items()}

    @cached_property
    def users(self) -> dict[str, dict[str, Any]]:
        """Return the facts of each user in the table of users."""
        found = {}
        for user, record in self._unique("users", "user").items():
            try:
                found[user] = self._user.read(self._user.pick(record.values, self._facts) or {}, self.folder)
            except ValueError as fault:
                raise DataError(f"user {fault}.", path=record.where) from None
        return found

    @cached_property
    def _user(self) -> Kind:
        """Reads the table of users."""
        return kinds_of({"user": self._facts}, self._read("users", "user"), self.kinds)["user"]

    @cached_property
    def _facts(self) -> list[str]:
        """Columns of the table of users, but for the one that names them."""
        columns = column_names(self._read("users", "user")) if "users" in self.paths else []
        return [name for name in columns if name != self.columns["user"]]

    @cached_property
    def _items(self) -> dict[str, Record]:
        return self._unique("items", "item")

    @cached_property
    def _names(self) -> dict[str, str]:
        """What each item of the table of items is called: by its name, and where two share it by the key too."""
        column = self.columns["name"]
        shown = {item: str(record.values.get(column or "") or item) for item, record in self._items.items()}
        number = Counter(shown.values())
        return {item: name if number[name] == 1 else f"{name} #{item}" for item, name in shown.items()}

    def _taught(self) -> Iterator[str]:
        """Items in the training split, the first of each user included, as often as they occur."""
        held = {user for user, _ in leave_last_out(self.taken)["test"]}
        return (item for user, items in self.taken.items() for item in (items[:-2] if user in held else items))

    def _find(self, key: str, name: str) -> Path:
        try:
            path = self.folder.locate(name)
        except ValueError as fault:
            raise ConfigError(f"dataset.{key} {fault}.") from None
        if not path.is_file():
            raise ConfigError(f"dataset.{key} must be a file in {self.folder.root}, got {name!r}.")
        return path

    def _read(self, table: str, *needed: str) -> list[Record]:
        """Rows of a table, once it has the columns that are needed."""
        records = read_table(self.paths[table])
        columns = column_names(records)
        for name in needed:
            if (column := self.columns[name]) is not None:
                known(f"dataset.columns.{name}", column, columns)
        return records

    def _unique(self, table: str, key: str) -> dict[str, Record]:
        """Rows of a table by their key; none without a table."""
        found: dict[str, Record] = {}
        for record in self._read(table, key) if table in self.paths else ():
            if (first := found.setdefault(self._key(record, key), record)) is not record:
                rule = f"{self.columns[key]} must be unique, got that of {first.where}"
                raise DataError(f"{rule}.", path=record.where)
        return found

    def _key(self, record: Record, name: str) -> str:
        value = record.values.get(str(self.columns[name]))
        if absent(value) or isinstance(value, bool) or not isinstance(value, str | int):
            rule = f"{self.columns[name]} must be a text or a whole number, got {value!r}"
            raise DataError(f"{rule}.", path=record.where)
        return str(value)

    def _number(self, record: Record, name: str) -> float:
        value = record.values.get(str(self.columns[name]))
        try:
            number = math.nan if isinstance(value, bool) or value is None else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise DataError(f"{self.columns[name]} must be a finite number, got {value!r}.", path=record.where)
        return number
