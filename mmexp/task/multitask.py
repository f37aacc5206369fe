"""Several tasks at once, on the same encoders and one fusion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn
from torchmetrics import MetricCollection

from mmexp.contract import Batch, Outputs, Sample, Tokens
from mmexp.fusion.base import Fusion
from mmexp.loss.task_weighting import Balancing, make_weighting
from mmexp.metric.named import NamedMetrics
from mmexp.task.base import Task
from mmexp.transform.base import Transform

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TAKEN = ("loss", "lr", "uncertainty")
"""Names under which something else is reported."""


class MultiTask(Task):
    """Answer several questions from the same tokens; each task asks the one fusion for the form it needs.

    Everything a task reports has its name as prefix: metrics ``label_accuracy``, outputs_by_task ``label_score``,
    plots. A sample that lacks the targets of one task counts for the others. Where tasks are anchored on different
    modalities, these share the fusion's first slot.

    Source: Caruana 1997, "Multitask Learning", https://doi.org/10.1023/A:1007379606734, hard sharing of what comes
    before the heads.

    Args:
        tasks: By the name that each is reported under.
        balance: Weights of the losses: ``fixed``; by ``uncertainty`` or by ``gradnorm``, see
            ``mmexp.loss.task_weighting``.
        weights: What a task's loss counts at first, 1 where it is not named.
        alpha: Of ``gradnorm``: how much more a task that lags behind counts; 0 gives all the same gradient norm.
        monitor: Task whose own metric chooses the checkpoint; None for the first.

    Raises:
        ValueError: If there is no task, a name is not free, a task masks a part of its inputs, weights or monitor name
            none of them, the balance is unknown, or two tasks read one target in different ways.
        TypeError: If one of them is not a task.
    """

    export_refused = "a graph holds one task; a run of each can be exported"

    def __init__(
        self,
        *,
        tasks: Mapping[str, Task],
        balance: Balancing = "fixed",
        weights: Mapping[str, float] | None = None,
        alpha: float = 1.5,
        monitor: str | None = None,
    ) -> None:
        super().__init__()
        refuse_tasks(tasks)
        known, weights = ", ".join(tasks), weights or {}
        for name in weights:
            if name not in tasks:
                raise ValueError(f"MultiTask: weights must be of {known}, got {name!r}.")
        if monitor is not None and monitor not in tasks:
            raise ValueError(f"MultiTask: monitor must be one of {known}, got {monitor!r}.")
        self.tasks = nn.ModuleDict(dict(tasks))
        self.balance = make_weighting(balance, {name: float(weights.get(name, 1)) for name in tasks}, alpha)
        main = monitor or next(iter(tasks))
        self.monitor, self.mode = f"{main}_{tasks[main].monitor}", tasks[main].mode
        self.targets = tuple(dict.fromkeys(target for task in tasks.values() for target in task.targets))
        needed = dict.fromkeys(name for task in tasks.values() for name in task.inputs or ())
        self.inputs = tuple(needed) or None
        self.paired = any(task.paired for task in tasks.values())
        self.contrasts = any(task.contrasts for task in tasks.values())
        self.reads = tuple(dict.fromkeys(name for task in tasks.values() for name in task.reads))
        self.anchor = next((task.anchor for task in tasks.values() if task.anchor is not None), None)
        self.transforms()

    def each(self) -> Iterator[tuple[str, Task]]:
        """Tasks with their names, in order."""
        return ((name, cast(Task, task)) for name, task in self.tasks.items())

    def prepare(self, kinds: Mapping[str, str], transforms: Mapping[str, Transform]) -> None:
        for _, task in self.each():
            task.prepare(kinds, transforms)

    def slots(self, inputs: Sequence[str]) -> tuple[str, ...]:
        """Those of the tasks, where they agree but for those of the joint form; else ``anchor`` before the inputs."""
        rows = [(task, task.slots(inputs)) for _, task in self.each()]
        anchored = {row for task, row in rows if task.anchor is not None or row != tuple(inputs)}
        return next(iter(anchored or {tuple(inputs)})) if len(anchored) < 2 else ("anchor", *inputs)

    def transforms(self) -> Mapping[str, Transform]:
        """Those of all tasks.

        Raises:
            ValueError: If two read one target in different ways.
        """
        found: dict[str, tuple[str, Transform]] = {}
        for name, task in self.each():
            for target, transform in task.transforms().items():
                other, first = found.setdefault(target, (name, transform))
                if not equal(first, transform):
                    rule = "MultiTask: tasks must read a target in one way"
                    raise ValueError(f"{rule}, got {target} in different ways by {other} and {name}.")
        return {target: transform for target, (_, transform) in found.items()}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        outputs_by_task = {name: task(tokens, fusion, batch) for name, task in self.each()}
        return {"outputs_by_task": outputs_by_task, "shared": [own.features for own in tokens.values()]}

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """One for each task, weighted."""
        parts = {name: task.losses(outputs["outputs_by_task"][name], batch).values() for name, task in self.each()}
        return self.balance({name: torch.stack(list(own)).sum() for name, own in parts.items()}, outputs["shared"])  # type: ignore[no-any-return]

    def notes(self) -> list[str]:
        return [f"{name}: {note}" for name, task in self.each() for note in task.notes()]

    def metrics(self) -> NamedMetrics:
        return NamedMetrics({name: task.metrics() for name, task in self.each()})

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        for name, task in self.each():
            task.measure(cast(NamedMetrics, metrics).parts[name], outputs["outputs_by_task"][name], batch)

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = [{"id": i} for i in batch.ids]
        for name, task in self.each():
            for row, own in zip(rows, task.predictions(outputs["outputs_by_task"][name], batch), strict=True):
                row |= {f"{name}_{key}": value for key, value in own.items() if key != "id"}
        return rows

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """The images of all tasks."""
        figures: dict[str, Figure] = {}
        for name, task in self.each():
            front = f"{name}_"
            own = [
                {"id": row["id"], **{key.removeprefix(front): row[key] for key in row if key.startswith(front)}}
                for row in rows
            ]
            figures |= {f"{front}{plot}": figure for plot, figure in task.plots(own, samples).items()}
        return figures


def refuse_tasks(tasks: Mapping[str, Task]) -> None:
    """Refuse what cannot be reported under its name, or cannot share the tokens of the others.

    Raises:
        ValueError: If there is no task, a name is not free, or a task masks a part of its inputs.
        TypeError: If one of them is not a task.
    """
    if not tasks:
        raise ValueError("MultiTask: tasks must be at least one, got none.")
    for name, task in tasks.items():
        if not isinstance(task, Task):
            raise TypeError(f"MultiTask: tasks must be tasks, got {type(task).__name__} as {name}.")
        if type(task).shown is not Task.shown:
            raise ValueError(f"MultiTask: tasks must show samples as they are, got {type(task).__name__} as {name}.")
        if not name.isidentifier() or name in TAKEN or hasattr(nn.ModuleDict, name):
            raise ValueError(f"MultiTask: tasks must have names that are words and free, got {name!r}.")
        if others := [other for other in tasks if other.startswith(f"{name}_")]:
            raise ValueError(f"MultiTask: tasks must have names of which none begins another, got {name}, {others[0]}.")


def equal(one: Any, other: Any) -> bool:
    """Whether two transforms, or what they are made of, are of one kind and hold the same."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, Tensor):
        return torch.equal(one, other)
    state = one.__getstate__() if hasattr(one, "__dict__") else None
    return equal(state, other.__getstate__()) if isinstance(state, Mapping) else bool(one == other)
