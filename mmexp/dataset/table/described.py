"""Facts of the columns of a table, as its encoders and other tables need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmexp.contract import Split
from mmexp.dataset.column import Column
from mmexp.dataset.kind.inspection import File, Inspection
from mmexp.dataset.kind.kinds import Kinds
from mmexp.dataset.table.rows import Fields, Row


def describe_columns(
    fields: Fields,
    inputs: Mapping[str, Column],
    splits: Mapping[Split, Sequence[Row]],
    inspected: Mapping[File, Inspection],
    kinds: Kinds,
) -> dict[str, Any]:
    """Return the facts of each ``modality`` and ``target``, where there are any, and those of files of one kind.

    Args:
        fields: Kind of each.
        inputs: Modality -> column, or columns.
        splits: Rows by split.
        inspected: Their files.
        kinds: All that are known.
    """
    found: dict[str, Any] = {}
    own = {**fields.targets, **fields.inputs}
    for kind in dict.fromkeys(own.values()):
        files = (file for row in splits["train"] for file in row.files if own[file[0]] is kind)
        found |= kind.describe_files(inspected[file] for file in files)
    modalities = {}
    for name, kind in fields.inputs.items():
        train, known = (
            [row.inputs[name] for rows in part for row in rows if name in row.inputs]
            for part in ([splits["train"]], splits.values())
        )
        modalities[name] = {"kind": kinds.name(kind), **kind.describe(train, inputs[name], known)}
    targets = {name: facts for name, kind in fields.targets.items() if (facts := kind.describe_target())}
    unnamed = {name: facts for name, facts in modalities.items() if facts != {"kind": name}}
    return {**found, **({"modality": unnamed} if unnamed else {}), **({"target": targets} if targets else {})}
