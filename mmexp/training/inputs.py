"""Choose which modalities of a dataset are encoded for a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmexp.dataset.base import MultimodalDataset
from mmexp.dataset.column import columns_of
from mmexp.error import ConfigError, nearest
from mmexp.task.base import Task
from mmexp.transform.label import LabelTransform


def refuse_other_target(task: Mapping[str, Any], dataset: MultimodalDataset) -> None:
    """Make sure that the target which the config names is one that the dataset offers, before its facts are asked for.

    Raises:
        ConfigError: If it isn't.
    """
    target, offered = task.get("target"), list(dataset.targets)
    if target is not None and target not in offered:
        rule = f"task.target must be a target of {type(dataset).__name__}, {' or '.join(offered) or 'which has none'}"
        raise ConfigError(f"{rule}, got {target}.", f"Add task.target={offered[0]}" if offered else "")


def refuse_other_form(task: Task, dataset: MultimodalDataset) -> None:
    """Make sure that a task takes several labels of a sample where the data has lists of them, and one elsewhere.

    Raises:
        ConfigError: If it doesn't; one label would be read as a list of letters.
    """
    for target, transform in task.transforms().items():
        if not isinstance(transform, LabelTransform) or target not in dataset.targets:
            continue
        first = next((value for value in dataset.values(target) if value is not None), None)
        if first is not None and (many := not isinstance(first, str | int | float)) != transform.multilabel:
            forms, found = ("multilabel", "a list of labels") if many else ("multiclass or binary", "one label")
            got = "multilabel" if transform.multilabel else "multiclass"
            rule = f"{type(task).__name__}: form must be {forms} for target {target}, which is {found} of each sample"
            raise ConfigError(f"{rule}, got {got}.", f"Add task.form={forms.partition(' ')[0]}")


def choose_inputs(asked: list[str] | None, dataset: MultimodalDataset, task: Task) -> tuple[str, ...]:
    """Choose the modalities to encode: those asked for, else the task's, else the companions of its targets.

    A modality that is read from the same column as a target of the task is not offered.

    Raises:
        ConfigError: If the dataset lacks a target, or a modality that is asked for.
    """
    name = type(dataset).__name__
    missing = [target for target in task.targets if target not in dataset.targets]
    if missing:
        raise ConfigError(
            f"{type(task).__name__}: targets must be offered by the dataset, got {', '.join(missing)}; "
            f"{name} offers {', '.join(dataset.targets) or 'none'}."
        )
    targets = {dataset.targets[target] for target in task.targets}
    columns = {**dataset.inputs, **dataset.extra}
    offered = [modality for modality, column in columns.items() if targets.isdisjoint(columns_of(column))]
    usual = {name for target in task.targets for name in dataset.companions.get(target, dataset.inputs)}
    default = [modality for modality in offered if modality in (usual or dataset.inputs)]
    chosen = list(asked or task.inputs or default)
    for modality in chosen:
        if modality in columns and modality not in offered:
            shared = ", ".join(sorted(targets.intersection(columns_of(columns[modality]))))
            rule = f"{modality} must be read from other columns than the targets of {type(task).__name__}"
            raise ConfigError(f"inputs: {rule}, got {shared}.")
        if modality not in offered:
            raise ConfigError(f"inputs: {modality} must be offered by {name}. {nearest(modality, offered)}")
        if "." in modality:
            raise ConfigError(f"inputs: modality must have a name without a dot, got '{modality}'.")
    lacking = [modality for modality in task.inputs or () if modality not in chosen]
    if lacking or not chosen:
        raise ConfigError(f"{type(task).__name__}: inputs must include {', '.join(lacking) or 'one'}, got {chosen}.")
    return tuple(chosen)


def read_alone(task: Task, inputs: Sequence[str]) -> list[str]:
    """Return the inputs that a task could be given each by itself."""
    needed = set(task.inputs or ())
    return [name for name in inputs if needed <= {name} and _has_slots(task, name)]


def _has_slots(task: Task, name: str) -> bool:
    try:
        return bool(task.slots([name]))
    except ConfigError:
        return False
