"""``mmexp fairness``: each metric of a trained run in each group of samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmexp.cli._study import WORDS

HELP = "Find out how far groups of samples are apart in each metric of a trained run."
USAGE = f"""
mmexp fairness RUN --group COLUMN [key=value ...] [--split SPLIT] [--metric METRIC] [--json] [--outputs FOLDER]

  RUN               a run's path, its id, the beginning of it, or 'last'; of a dataset that is a table
  --group COLUMN    of the table, such as speaker or age_group; it need be neither an input nor a target
{WORDS.strip(chr(10))}

Groups of fewer than 20 samples are marked as small, and do not count for the worst gap.
"""


def run(argv: list[str]) -> int:
    """Evaluate, print, and write ``study/fairness.json``; see ``USAGE``."""
    from rich.console import Console

    from mmexp.cli._study import one_run, open_run, show, study_arguments
    from mmexp.run.study import write_study
    from mmexp.study.fairness import by_group
    from mmexp.training.phase import phase

    arguments = study_arguments("fairness")
    arguments.add_argument("--group", required=True)
    given = arguments.read(argv)
    folder = one_run(given)
    study = open_run(folder, given)
    values = study.dataset.column(given.group)
    with phase(Console(stderr=True), f"evaluating {folder.id}") as progress:
        found = by_group(study, given.group, values, progress)
    written = write_study(folder, "fairness", found.plain(), ["fairness", *argv])
    show(written, given, study.notes, _print)
    return 0


def _print(found: Mapping[str, Any]) -> None:
    from mmexp.cli._study import estimate
    from mmexp.cli._table import print_table

    groups = found["groups"]
    metrics = list(next(iter(groups.values()))["metrics"])
    rows = [
        [f"{name}{' (small)' if one['small'] else ''}", str(one["samples"])]
        + [estimate(one["metrics"][metric]) for metric in metrics]
        for name, one in groups.items()
    ]
    columns = [f"{found['column']}!", "samples>", *(f"{metric}>" for metric in metrics)]
    print_table(columns, rows, optional=metrics[:0:-1], hint="--json has all")
    for metric, gap in found["gaps"].items():
        print(f"worst gap in {metric}: {estimate(gap)}, {gap['best']} before {gap['worst']}")
    if found["gaps"]:
        print("The two groups are chosen as those furthest apart, which the interval of their gap leaves aside.")
    if not found["same_classes"]:
        known = ", ".join(f"{name} {one['classes']}" for name, one in groups.items() if not one["small"])
        rule = "a metric that averages over classes, such as F1, averages over those of each group"
        print(f"the groups do not have the same classes ({known}): {rule}")
    small = [name for name, one in groups.items() if one["small"]]
    if small:
        print(f"fewer than {found['small']} samples, not in a gap: {', '.join(small)}")
    if not found["gaps"]:
        print(f"no gap is given, as fewer than two groups have {found['small']} samples")
