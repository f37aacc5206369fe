"""``mmexp contribution``: which modality did the work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmexp.cli._study import WORDS

HELP = "Find out what each modality adds to a trained run: exact Shapley values."
USAGE = f"""
mmexp contribution RUN [key=value ...] [--absent WAYS] [--split SPLIT] [--metric METRIC] [--json] [--outputs FOLDER]

  RUN               a run's path, its id, the beginning of it, or 'last'; of 2 to 6 inputs
  --absent WAYS     what it is given of a modality outside of a coalition: missing, shuffled (that of another sample),
                    blank (zeros); default: missing,shuffled,blank
{WORDS.strip(chr(10))}

Every coalition of the modalities is evaluated. The values add up to the metric with all modalities less that with none.
Those of each sample, and the modalities it needed, are written to study/contribution.jsonl of the run folder.
"""


def run(argv: list[str]) -> int:
    """Evaluate, print, and write ``study/contribution.json`` and ``.jsonl``; see ``USAGE``."""
    import json

    from rich.console import Console

    from mmexp.cli._study import one_run, open_run, show, study_arguments
    from mmexp.run.atomic import write_atomic
    from mmexp.run.jsonfile import strict
    from mmexp.run.study import write_study
    from mmexp.study.contribution import contribute
    from mmexp.study.needed import by_class, by_sample, count_needed
    from mmexp.training.phase import phase

    arguments = study_arguments("contribution")
    arguments.add_argument("--absent", default="missing,shuffled,blank")
    given = arguments.read(argv)
    folder = one_run(given)
    study = open_run(folder, given)
    with phase(Console(stderr=True), f"evaluating {folder.id}") as progress:
        found = contribute(study, given.absent.split(","), progress)
    rows = by_sample(found)
    classes = {
        name: {"samples": one.samples, "shapley": {key: own.plain() for key, own in one.shapley.items()}}
        for name, one in by_class(found).items()
    }
    plain = {**found.plain(), "classes": classes, "needed": count_needed(rows)}
    written = write_study(folder, "contribution", plain, ["contribution", *argv])
    write_atomic(folder.study / "contribution.jsonl", "".join(f"{json.dumps(strict(row))}\n" for row in rows))
    show(written, given, study.notes, _print)
    return 0


def _print(found: Mapping[str, Any]) -> None:
    from mmexp.cli._study import estimate, unit
    from mmexp.cli._table import print_table

    ways = found["absent"]
    first = next(iter(ways.values()))
    print(f"{found['metric']} of {found['samples']} samples, {unit(first['coalitions'])}")
    coalitions = ["+".join(one["modalities"]) or "nothing" for one in first["coalitions"]]
    rows = [[name, *(estimate(own["coalitions"][i]) for own in ways.values())] for i, name in enumerate(coalitions)]
    print_table(["given", *(f"others {name}>" for name in ways)], rows)
    rows = [
        [name, *(estimate(own["shapley"][name]) for own in ways.values()), estimate(found["utilisation"][name])]
        for name in first["shapley"]
    ]
    sums = [f"{sum(one['value'] or 0.0 for one in own['shapley'].values()):.3f}" for own in ways.values()]
    columns = ["Shapley value", *(f"others {name}>" for name in ways), "utilisation>"]
    print_table(columns, [*rows, ["all less none", *sums, ""]])
    if found["classes"]:
        classes = [
            [name, str(one["samples"]), *(estimate(own) for own in one["shapley"].values())]
            for name, one in found["classes"].items()
        ]
        print_table(["class", "samples>", *(f"{name}>" for name in first["shapley"])], classes)
    if found["needed"]:
        print("needed by samples: " + ", ".join(f"{name} {count}" for name, count in found["needed"].items()))
    print(_dominance(found["dominance"]))


def _dominance(found: Mapping[str, Any]) -> str:
    """Say whether one modality is used more than the next, beyond chance variation."""
    from mmexp.cli._study import estimate

    low = found["difference"].get("low")
    names = f"utilisation of {found['modality']} less that of {found['over']}: {estimate(found['difference'])}"
    if low is None:
        return f"{names}, without an interval"
    return f"{found['modality']} dominates: {names}" if low > 0 else f"no modality dominates: {names}"
