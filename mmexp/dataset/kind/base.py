"""What every kind of data declares and does; the defaults are those of a plain value."""

from __future__ import annotations

import math
import os.path
from abc import ABC
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from mmexp.dataset.column import Column
from mmexp.dataset.kind.cell import absent, as_list
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.inspection import File, Inspection, Neighbours
from mmexp.dataset.kind.whole_column import WholeColumn
from mmexp.error import ConfigError

Names = Sequence[str | None] | Mapping[Any, str | None]
"""Of numbers from 0 on, or by number."""
NONE: Mapping[str, Sequence[str]] = MappingProxyType({})


class Kind(WholeColumn, ABC):
    """Recognise, read, check and describe one kind of data.

    A subclass states what differs. It serves as an input if it has ``inputs``, as a target if it has ``targets``.

    Attributes:
        suffixes: Of its files, in lower case, such as ``.png``.
        inputs: Modality that is always of this kind -> the columns that it is read from unless one is named.
        targets: Target that is always of this kind -> its columns likewise.
        companions: Target -> modalities that are encoded for this target only, unless they are named.
        candidates: Target that is one of all symbols that occur -> the modality that holds symbols of the same set.
        order: Position among the kinds that a table is searched for; smaller comes first.
        encoder: Kind whose encoders read it; its own if empty.
        prose: Whether it is language, which the tokenizer is trained on.
        several: Whether it is read from several columns.
        many: Whether one cell may hold a list of values, in a CSV as JSON.
        scalar: Whether a target is one value per sample.
        may_be_empty: Whether a target may be an empty list.
        classed: Whether the values of a target are classes.
        is_file: Whether a cell is the path of a file.

    Example:
        >>> from mmexp import Kind
        >>> class DurationKind(Kind):  # "3:20" -> 200.0 s, as a target
        ...     targets = {"duration": ("duration",)}
        ...     classed = False
        ...     def check_target(self, value):
        ...         minutes, seconds = str(value).split(":")
        ...         return 60 * int(minutes) + float(seconds)
        >>> DurationKind().read_target("3:20")
        200.0
        >>> DurationKind().read_target("")
        Traceback (most recent call last):
        ValueError: must have a value, got ''
    """

    suffixes: tuple[str, ...] = ()
    inputs: Mapping[str, Sequence[str]] = NONE
    targets: Mapping[str, Sequence[str]] = NONE
    companions: Mapping[str, Sequence[str]] = NONE
    candidates: Mapping[str, str] = MappingProxyType({})
    order: int = 1000
    encoder: str = ""
    prose: bool = False
    several: bool = False
    many: bool = False
    scalar: bool = False
    may_be_empty: bool = False
    classed: bool = True
    is_file: bool = False

    def suffix_length(self, path: str) -> int:
        """Return the length of the longest of its suffixes that a path ends in, 0 for none."""
        name = os.path.basename(path).lower()
        return max((len(one) for one in self.suffixes if name.endswith(one) and len(name) > len(one)), default=0)

    def specificity(self, cell: Any) -> int:
        """Return how narrowly this kind describes a cell, 0 if it is not of this kind; the highest kind is taken.

        By default the length of the suffix, for a path of such a file.
        """
        return self.suffix_length(cell) if isinstance(cell, str) else 0

    def pick(self, values: Mapping[str, Any], column: Column) -> Any:
        """Return the cell of a row, None if it is empty."""
        return values.get(str(column))

    def from_word(self, word: str) -> Any:
        """Return the cell that was typed on the command line.

        Raises:
            ValueError: If it cannot be of this kind.
        """
        return word

    def from_file(self, path: str) -> Any:
        """Return the cell that stands for a file given on the command line.

        Raises:
            ValueError: If the file cannot be read.
        """
        return path

    def read(self, cell: Any, folder: Folder) -> Any:
        """Read an input: what a row keeps of a filled cell; of a file its path, which is opened later.

        Raises:
            ValueError: With the rest of a line that starts with the modality.
        """
        return cell

    def read_target(self, cell: Any) -> Any:
        """Read a target; ``check_target`` sees what is left once empty cells are refused.

        Raises:
            ValueError: With the rest of a line that starts with the target.
        """
        value = as_list(cell) if self.many else cell
        if absent(value) and not (self.may_be_empty and value == []):
            raise ValueError(f"must have a value, got {value!r}")
        return self.check_target(value)

    def check_target(self, value: Any) -> Any:
        """Return a filled target as a row keeps it; by default anything but NaN.

        Raises:
            ValueError: With the rest of a line that starts with the target.
        """
        for item in value if isinstance(value, list) else [value]:
            written = not self.prose and str(item).strip().lower() == "nan"
            if written or (isinstance(item, float) and not math.isfinite(item)):
                raise ValueError(f"must be a value, got {value!r}")
        if self.scalar and isinstance(value, list | dict):
            raise ValueError(f"must be one value, got {value!r}")
        return value

    def form(self, value: Any) -> str:
        """Name the shape that all values of one modality must share; empty if there is no such shape."""
        return ""

    def identifies(self, values: Sequence[Any]) -> bool:
        """Return whether rows of equal inputs are the same sample twice, as these values of a column say."""
        return False

    def check(self, name: str, value: Any, row: Neighbours, inspected: Mapping[File, Inspection]) -> None:
        """Check a value against the rest of its row, after every file of the row was read.

        Raises:
            ValueError: With the rest of a line that starts with the name.
        """

    def paths(self, value: Any) -> Sequence[Any]:
        """Return the paths in a cell or in what a row keeps of it."""
        return ()

    def load(self, value: Any, folder: Folder) -> Any:
        """Return the value of a Sample; runs in a worker.

        Raises:
            ValueError: If a file cannot be read.
        """
        return value

    def describe(self, values: Sequence[Any], column: Column, known: Sequence[Any]) -> Mapping[str, Any]:
        """Return the facts of one modality that its encoder needs.

        Args:
            values: Of the training split.
            column: It is read from.
            known: Of all splits.
        """
        return {}

    def describe_files(self, inspected: Iterable[Inspection]) -> Mapping[str, Any]:
        """Return facts of all files of this kind in the training split."""
        return {}

    def summarise(self, values: Iterable[Any]) -> Any:
        """Return the fact that a task reads of a target, ``${facts:<target>}``; None if there is none.

        By default ``counts`` of the classes that occur: each class and the number of values that have it, in pairs.
        """
        if not self.classed:
            return None
        found = Counter(item for value in values for item in self.members(value) if isinstance(item, str | int))
        return {"counts": [[item, count] for item, count in found.items()]}

    def members(self, value: Any) -> Iterable[Any]:
        """Return the classes that one value of a target has."""
        return value if isinstance(value, list) else [value]

    def classes_of_files(self, inspected: Iterable[Inspection]) -> list[str | int] | None:
        """Return the classes that the files of a target hold; None if its values are the classes."""
        return None

    def named(self, key: str, names: Names) -> Kind:
        """Return this kind with names for its numbers, as ``dataset.classes.<target>`` gives them.

        Raises:
            ConfigError: By default; only a kind of numbers can be named.
        """
        raise ConfigError(f"{key} must be the classes of a target of numbers, got {names!r}.")

    def tables(
        self, target: str, values: Iterable[Any], describe: Callable[[], Mapping[str, Any]]
    ) -> Mapping[str, Iterable[Any]]:
        """Return long facts of a target, see ``MultimodalDataset.tables``.

        Args:
            target: Its name.
            values: Of the training split.
            describe: Returns the facts of the dataset.
        """
        return {}

    def features(self, cell: Any, folder: Folder) -> Any:
        """Return what an item is like: an array of numbers or a list of words; None if this kind has neither.

        Raises:
            ValueError: If the cell cannot be read.
        """
        return None
