"""Vectors of what a column of a table holds: of items to recommend, or of the entities of a graph."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmexp.cache.store import NotKept, Store, trim
from mmexp.config.config import Config
from mmexp.config.instantiate import instantiate
from mmexp.dataset.build import build_kinds
from mmexp.dataset.manifest import Manifest
from mmexp.dataset.table.columns import kinds_of, known
from mmexp.dataset.table.reader import column_names, read_table
from mmexp.encoder.backbone import BackboneEncoder, FeatureEncoder
from mmexp.error import ConfigError
from mmexp.hardware.base import Hardware
from mmexp.run.atomic import atomic, write_atomic
from mmexp.run.jsonfile import strict
from mmexp.training.extraction import Extraction, Progress


@dataclass(frozen=True)
class Vectors:
    """What a frozen encoder gives for each row of a table.

    Args:
        column: That was encoded.
        model: Whose features they are.
        rows: Of the table, by column.
        values: Mean of the features of each row, float32 [C]; None where the cell is empty.
    """

    column: str
    model: str
    rows: Sequence[Mapping[str, Any]]
    values: Sequence[np.ndarray | None]

    @property
    def width(self) -> int:
        """Numbers C of each vector; 0 if there is none."""
        return next((len(value) for value in self.values if value is not None), 0)

    def write(self, path: Path) -> str:
        """Write an array with a row for each row of the table (.npy), or the table with one more column (.jsonl).

        Returns:
            What was written, in words.

        Raises:
            ConfigError: If the file is to be of another form.
        """
        if path.suffix == ".npy":
            with atomic(path) as file:
                np.save(file, self._array())
            return f"a row of {self.width} numbers for each, zeros where there is nothing"
        if path.suffix != ".jsonl":
            raise ConfigError(f"encode: --to must be a .npy or a .jsonl file, got '{path}'.")
        name = f"{self.column}_features"
        cells = (None if value is None else [round(float(one), 4) for one in value] for value in self.values)
        rows = ({**row, name: cell} for row, cell in zip(self.rows, cells, strict=True))
        write_atomic(path, "".join(f"{json.dumps(strict(row), ensure_ascii=False)}\n" for row in rows))
        return f"the table with the column {name}, {self.width} numbers each"

    def _array(self) -> np.ndarray:
        blank = np.zeros(self.width, np.float32)
        return np.stack([blank if value is None else value for value in self.values])


def encode(config: Config, table: str, column: str, progress: Progress) -> Vectors:
    """Encode a column by the encoder of its kind, which must be pretrained; what has been encoded before is read.

    Source: of items, He and McAuley 2016, "VBPR", https://arxiv.org/abs/1510.01784.

    Args:
        config: Whose encoder, hardware and limit of the cache are taken.
        table: With a row for each item.
        column: Of it.
        progress: Takes how many values of how many are encoded.

    Raises:
        ConfigError: If there is no such column, or its encoder does not come with weights.
        DataError: If the table, or a file that it names, cannot be read.
    """
    root, records = config.plain(), read_table(Path(table))
    column = known("encode: COLUMN", column, column_names(records))
    kinds = build_kinds(root)
    kind = kinds.own_name(kinds_of({column: column}, records, kinds)[column])
    encoder, extractor = _pretrained(root, kind)
    manifest = Manifest(manifest=table)
    manifest.kinds = kinds
    samples = manifest.everything({kind: [column]})
    hardware: Hardware = instantiate("hardware", root["hardware"], plugins=root["plugins"])
    extraction = Extraction(kind, encoder, extractor, hardware)
    names = extraction.names(samples)
    try:
        store = extraction.store({"train": samples}, {"train": names}, root["feature_cache"], progress)
    except NotKept as fault:
        raise ConfigError(
            f"encode: features must fit into feature_cache, got {root['feature_cache']}: {fault}."
        ) from fault
    trim(root["feature_cache"], keep=[store.path])
    return Vectors(column, store.about["model"], [one.values for one in records], [_mean(store, own) for own in names])


def _pretrained(root: Mapping[str, Any], kind: str) -> tuple[FeatureEncoder, BackboneEncoder]:
    """Build the encoder of a kind, frozen, and return it with the one whose backbone it has."""
    node = root["encoder"].get(kind) or {}
    rule = f"encode: encoder.{kind} must come with weights, got {str(node.get('_target_')).rpartition('.')[2]}"
    hint = "Run: mmexp list encoder"
    try:
        encoder = instantiate("encoder", node, plugins=root["plugins"], at=f"encoder.{kind}")
    except ConfigError as fault:
        if "fact" in str(fault):  # what is learnt from scratch reads those of the data
            raise ConfigError(f"{rule}.", hint) from fault
        raise
    own = encoder.extractor if isinstance(encoder, FeatureEncoder) else None
    if not isinstance(encoder, FeatureEncoder) or own is None or not own.origin.pretrained:
        raise ConfigError(f"{rule}.", hint)
    encoder.requires_grad_(False)
    return encoder, own


def _mean(store: Store, names: Sequence[str] | None) -> np.ndarray | None:
    found = [store.read(name) for name in names or ()]
    tokens = np.concatenate(found) if found else np.zeros((0, 0), np.float32)
    return tokens.mean(0) if len(tokens) else None
