"""All kinds of data that are known, by name: which one a column, a cell or a file is of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import mmexp.dataset.kind as package
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.cell import parse
from mmexp.dataset.kind.number import Decimal
from mmexp.error import ConfigError


class Kinds(Mapping[str, Kind]):
    """Kinds by name, in the order that they declare.

    Args:
        kinds: Kind by name.
    """

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = dict(sorted(kinds.items(), key=lambda item: (item[1].order, item[0])))

    def __getitem__(self, name: str) -> Kind:
        return self._kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    @property
    def inputs(self) -> dict[str, Sequence[str]]:
        """Modality -> columns that it is read from unless one is named."""
        return {name: columns for kind in self.values() for name, columns in kind.inputs.items()}

    @property
    def targets(self) -> dict[str, Sequence[str]]:
        """Target -> columns that it is read from unless one is named."""
        return {name: columns for kind in self.values() for name, columns in kind.targets.items()}

    @property
    def companions(self) -> dict[str, Sequence[str]]:
        """Target -> modalities that are encoded for it only."""
        return {name: others for kind in self.values() for name, others in kind.companions.items()}

    @property
    def list_columns(self) -> set[str]:
        """Columns of targets whose cells may hold a list."""
        many = (columns for kind in self.values() if kind.many for columns in kind.targets.values())
        return {column for columns in many for column in columns}

    @property
    def suffixes(self) -> list[str]:
        """Suffixes of all files that are recognised."""
        return [suffix for kind in self.values() if kind.inputs for suffix in kind.suffixes]

    def with_decimal(self, decimal: Decimal | None) -> Kinds:
        """Return the kinds for a table whose numbers have such a decimal sign; each column decides if None."""
        return Kinds({name: kind.with_decimal(decimal) for name, kind in self.items()}) if decimal else self

    def of_input(self, name: str) -> Kind | None:
        """Return the kind that a modality of this name always is; None if its cells decide."""
        return next((kind for kind in self.values() if name in kind.inputs), None)

    def of_target(self, name: str) -> Kind:
        """Return the kind of a target; a plain value if its name says nothing."""
        return next((kind for kind in self.values() if name in kind.targets), Kind())

    def of_cell(self, cell: Any) -> Kind:
        """Return the kind of input that describes a cell most narrowly.

        Raises:
            ConfigError: If there is none, or more than one.
        """
        value = parse(cell)
        return self._narrowest({name: kind.specificity(value) for name, kind in self.items() if kind.inputs}, cell)

    def of_cells(self, cells: Collection[Any]) -> Kind:
        """Return the kind of input that most cells of a column are of, in whatever order; of two the narrower one.

        Raises:
            ConfigError: If a cell is of more than one.
        """
        if claiming := next((kind for kind in self.values() if kind.inputs and kind.claims(cells)), None):
            return claiming
        texts = Counter(cell for cell in cells if isinstance(cell, str))
        others = [(cell, 1) for cell in cells if not isinstance(cell, str)]
        found: Counter[str] = Counter()
        for cell, times in (*texts.items(), *others):
            kind = self.of_cell(cell)
            found[self.own_name(kind)] += times
        rest = self.of_cell(None)
        return max(self.values(), key=lambda kind: (found[self.own_name(kind)], kind is not rest)) if found else rest

    def of_file(self, path: str) -> str:
        """Return the name of the kind of a file by its suffix; empty if no kind has it.

        Raises:
            ConfigError: If two kinds have it.
        """
        lengths = {name: kind.suffix_length(path) for name, kind in self.items() if kind.inputs}
        return self.name(self._narrowest(lengths, path)) if any(lengths.values()) else ""

    def of_columns(self, name: str) -> Kind:
        """Return the kind of a modality that is read from several columns.

        Raises:
            ConfigError: If no kind is.
        """
        several = [kind for kind in self.values() if kind.several]
        if not several:
            raise ConfigError(f"dataset.inputs.{name} must be one column, as no kind is read from several.")
        return next((kind for kind in several if name in kind.inputs), several[0])

    def name(self, kind: Kind) -> str:
        """Return the name by which the encoder of a kind is found."""
        return kind.encoder or self.own_name(kind)

    def own_name(self, kind: Kind) -> str:
        """Return the name of a kind, also of one that ``for_column`` made of it."""
        same = (name for name, one in self.items() if one is kind)
        return next(same, "") or next(name for name, one in self.items() if type(one) is type(kind))

    def _narrowest(self, found: Mapping[str, int], cell: Any) -> Kind:
        best = max(found.values(), default=0)
        names = [name for name, narrow in found.items() if narrow == best > 0]
        if len(names) != 1:
            got = " and ".join(names) or "none"
            raise ConfigError(f"kind: {cell!r} must be of one kind, got {got}.", "Run: mmexp list kind")
        return self[names[0]]


@cache
def standard() -> Kinds:
    """Return the kinds that come with mmexp: ``XYKind`` of each module ``x_y`` next to this one."""
    found = {}
    for module in iter_modules(package.__path__):
        kind = getattr(
            import_module(f"{package.__name__}.{module.name}"), f"{module.name.title().replace('_', '')}Kind", None
        )
        if kind is not None:
            found[module.name] = kind()
    return Kinds(found)
