"""``mmexp test`` as a function."""

from __future__ import annotations

import os

from mmexp.api.run import load_run
from mmexp.inference.evaluate import measure
from mmexp.inference.predictor import EvaluatedSplit, restore


def evaluate(run: str | os.PathLike[str], *overrides: str, split: EvaluatedSplit = "test") -> dict[str, float]:
    """Evaluate the best checkpoint of a run on its own data, or on other data of the same form.

    Args:
        run: A run, its path, its id, or ``last``.
        overrides: ``dataset.root=FOLDER`` or ``dataset.manifest=FILE`` for other data; besides ``dataset.*`` also
            ``hardware.*``, ``training.batch_size``, ``task.beams`` and ``task.length_penalty``.
        split: ``val`` or ``test``.

    Returns:
        Metrics by key, such as ``test/accuracy``.

    Raises:
        ConfigError: If there is no such run, it has no checkpoint, or an override would make it another model.
        DataError: If the data is refused.

    Example:
        >>> import mmexp
        >>> run = mmexp.load_run("last")
        >>> mmexp.evaluate(run)["test/accuracy"] == run.metrics["test/accuracy"]
        True
        >>> "val/accuracy" in mmexp.evaluate(run, "dataset.seed=1", split="val")
        True
    """
    return dict(measure(restore(load_run(run).folder, overrides), split).metrics)
