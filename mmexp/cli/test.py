"""``mmexp test``: evaluate a trained run on its own or other data."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmexp.analysis.per_class import ClassScores
    from mmexp.inference.evaluate import Measurement
    from mmexp.inference.predictor import EvaluatedSplit
    from mmexp.run.folder import RunFolder

HELP = "Evaluate a trained run on its test split, or on other data."
USAGE = """
mmexp test RUN [key=value ...] [--split SPLIT] [--per-class] [--json] [--outputs FOLDER]

  RUN               a run's path, its id, the beginning of it, or 'last'
  key=value         dataset.root=FOLDER or dataset.manifest=FILE for other data of the same form; in addition to
                    dataset.* also hardware.*, training.batch_size, tokenize, task.beams and
                    task.length_penalty
  --split SPLIT     val or test; default: test
  --per-class       also precision, recall and F1 of each class, of tasks that predict classes
  --json            one JSON object: run, split, samples, skipped and metrics; availability, where some
                    samples lack an input: samples and metrics by which inputs they have; classes, a list,
                    with --per-class
  --outputs FOLDER  folder of all runs; default: outputs
"""


def run(argv: list[str]) -> int:
    """Measure and print; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.run.folder import RunFolder

    arguments = Arguments("test")
    arguments.add_argument("run")
    arguments.add_argument("overrides", nargs="*")
    arguments.add_argument("--split", default="test", choices=["val", "test"])
    arguments.add_argument("--per-class", action="store_true")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    folder = RunFolder.find(given.run, given.outputs)
    found = _measure(folder, given.overrides, given.split, given.per_class)
    if given.json:
        _print_json(found, folder.id, given.split)
    else:
        _print_table(found, folder.id, given.split)
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    if found.everything:
        print(f"No column says which rows are {given.split}, so all of them are.", file=sys.stderr)
    return 0


def _measure(folder: RunFolder, overrides: Sequence[str], split: EvaluatedSplit, by_class: bool) -> Measurement:
    from mmexp.inference.evaluate import measure
    from mmexp.inference.predictor import restore

    return measure(restore(folder, overrides), split, by_class)


def _print_json(found: Measurement, run: str, split: str) -> None:
    from mmexp.run.jsonfile import dumps

    counts = {"samples": found.samples, "skipped": found.skipped}
    by_inputs = {"availability": found.availability} if found.availability else {}
    by_class = {"classes": [one.plain() for one in found.classes]} if found.classes else {}
    print(dumps({"run": run, "split": split, **counts, "metrics": found.metrics, **by_inputs, **by_class}), end="")


def _print_table(found: Measurement, run: str, split: str) -> None:
    from mmexp.cli._table import print_table
    from mmexp.cli._text import number
    from mmexp.run.jsonfile import strict

    print(f"{run} on {split}: {found.samples} samples, {found.skipped} skipped")
    print_table(["metric!", "value>"], [[key, number(strict(value))] for key, value in found.metrics.items()])
    for inputs, own in found.availability.items():
        values = ", ".join(f"{name} {number(strict(value))}" for name, value in own["metrics"].items())
        print(f"{inputs}: {own['samples']} samples, {values}")
    if found.classes:
        _print_classes(found.classes)


def _print_classes(classes: Sequence[ClassScores]) -> None:
    from mmexp.cli._table import print_table
    from mmexp.cli._text import number

    rows = [
        [
            f"{one.name}{'' if one.known else ' (not in training)'}",
            one.samples or "no samples",
            one.predicted,
            *map(number, (one.precision, one.recall, one.f1)),
        ]
        for one in classes
    ]
    print_table(["class", "samples>", "predicted>", "precision>", "recall>", "F1>"], rows)
