"""A run evaluated on given samples in one pass: its metrics, and the prediction row of each sample.

What follows from these rows follows for samples that count several times or not at all, and so has an interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mmexp.analysis.predictions import Row, groups_in, with_truth
from mmexp.analysis.recompute import Recomputed, recompute_rows
from mmexp.contract import Sample
from mmexp.inference.predictor import BatchChange, EvaluatedSplit, Predictor
from mmexp.run.summary import RunRow
from mmexp.training.artifacts import with_groups


@dataclass(frozen=True)
class Scored:
    """What a run came to on some samples.

    Args:
        run: Its row, with the metrics of these samples by key, such as ``test/accuracy``.
        rows: Predictions, as in the predictions file of a run: with the targets, and the group where that is known.
    """

    run: RunRow
    rows: Sequence[Row]

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """By key, such as ``test/accuracy``."""
        return self.run.metrics

    def recomputed(self, metric: str) -> Recomputed | None:
        """Return a metric as a function of how often each sample counts; None where no way is known."""
        return recompute_rows(self.run, metric, with_truth(self.rows))

    @property
    def ids(self) -> list[str]:
        """Of the samples whose row says what is right, sorted: the order of the weights of ``recomputed``."""
        return sorted(str(row["id"]) for row in with_truth(self.rows))

    @property
    def groups(self) -> Mapping[str, str]:
        """Of samples, by id."""
        return groups_in(self.rows)


def score(
    trained: Predictor,
    samples: Sequence[Sample],
    split: EvaluatedSplit,
    run: RunRow,
    groups: Mapping[str, str] | None = None,
    changed: BatchChange | None = None,
) -> Scored:
    """Evaluate a run on samples in one pass.

    Args:
        trained: The run.
        samples: As a dataset gives them, or altered.
        split: That the metrics are named after.
        run: Its row.
        groups: Of samples, by id.
        changed: What is done to each batch; nothing if None.
    """
    module = trained.module
    kept, module.keep_rows = module.keep_rows, True
    try:
        metrics = trained.evaluate(samples, split, changed)
        rows = trained.task.completed(module.rows)
    finally:
        module.keep_rows = kept
    return Scored(replace(run, metrics=metrics), with_groups(rows, groups or {}))
