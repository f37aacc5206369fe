"""``mmexp missing``: how a trained run degrades where modalities are missing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mmexp.cli._study import WORDS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mmexp.study.missing import Degradation

HELP = "Find out how trained runs degrade where modalities are missing at test."
USAGE = f"""
mmexp missing RUN... [key=value ...] [--seed N] [--split SPLIT] [--metric METRIC] [--json] [--outputs FOLDER]

  RUN               a run's path, its id, the beginning of it, or 'last'; several are shown next to each other
  --seed N          of which samples lack a modality and which part of a sequence is lost; default: 0
{WORDS.strip(chr(10))}

Every subset of the modalities is evaluated, then each modality missing from a share of the samples, and a contiguous
part of each sequence lost. What the model does without a modality is its policy missing=mask or placeholder.
"""


def run(argv: list[str]) -> int:
    """Evaluate, print, and write ``study/missing.json`` and ``.png``; see ``USAGE``."""
    from rich.console import Console

    from mmexp.cli._study import named_runs, open_run, save_figure, study_arguments
    from mmexp.run.jsonfile import dumps
    from mmexp.run.study import write_study
    from mmexp.study.missing import degrade
    from mmexp.training.phase import phase

    arguments = study_arguments("missing")
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.read(argv)
    folders = named_runs(given)
    found = []
    for folder in folders:
        study = open_run(folder, given)
        with phase(Console(stderr=True), f"evaluating {folder.id}") as progress:
            found.append(degrade(study, given.seed, progress))
    written = [
        write_study(folder, "missing", one.plain(), ["missing", *argv])
        for folder, one in zip(folders, found, strict=True)
    ]
    save_figure(_figure(found), folders, "missing")
    if given.json:
        print(dumps(written[0] if len(written) == 1 else {"runs": written}), end="")
    else:
        _print(found, written)
    for note in dict.fromkeys(note for one in found for note in one.study.notes):
        print(f"note: {note}", file=sys.stderr)
    return 0


def _print(found: Sequence[Degradation], written: Sequence[dict[str, Any]]) -> None:
    from mmexp.cli._study import estimate, unit
    from mmexp.cli._table import print_table
    from mmexp.study.missing import compare

    first = written[0]
    names = [f"{one['fusion']} {one['run'][-4:]}>" if len(written) > 1 else f"{one['metric']}>" for one in written]
    tables = [{_label(row): row for row in one["gaps"]} for one in written]
    labels = list(dict.fromkeys(label for table in tables for label in table))
    rows = [[label, *(estimate(table.get(label, {})) for table in tables)] for label in labels]
    columns = ["given", *names]
    if len(written) == 1:
        columns.append("relative drop>")
        rows = [[*row, estimate(tables[0][row[0]].get("drop", {}))] for row in rows]
    print(f"{first['metric']} of {first['samples']} samples, {unit(first['gaps'])}")
    print_table(columns, rows)
    for one in written:
        policy = f"missing={one['missing']}, modality_dropout={one['modality_dropout']:g}"
        print(f"{one['run']} ({one['fusion']}, {policy}): degradation {estimate(one['degradation'])}")
    for own in found[1:]:
        if difference := compare(own, found[0]):
            ids = f"{own.study.run.folder.id} less that of {found[0].study.run.folder.id}"
            print(f"degradation of {ids}: {estimate(difference.plain())}")
    print(f"degradation: {first['degradation']['definition']}")


def _label(row: dict[str, Any]) -> str:
    names = "+".join(row["modalities"])
    if row["kind"] == "subset":
        return names or "nothing"
    what = "of the samples lack" if row["kind"] == "samples" else "is lost of each"
    return f"{row['share']:.0%} {what} {names}"


def _figure(found: Sequence[Degradation]) -> Figure:
    from mmexp.plot.degradation import Point, degradation
    from mmexp.study.missing import Gap

    panels: dict[str, dict[str, list[Point]]] = {}
    for one in found:
        label = f"{one.study.run.config.get('fusion')} {one.study.run.folder.id[-4:]}"
        for gap in one.found.values:
            if gap.kind != "subset":
                title = f"{gap.names[0]}, {'missing' if gap.kind == 'samples' else 'a part lost'}"
                points = panels.setdefault(title, {}).setdefault(label, [_point(one, one.whole, 0.0)])
                points.append(_point(one, gap, gap.share))
        for name in one.modalities:
            rest = Gap("subset", tuple(other for other in one.modalities if other != name))
            panels[f"{name}, missing"][label].append(_point(one, rest, 1.0))
    return degradation(panels, found[0].study.metric, "share of samples, or of each sequence")


def _point(one: Degradation, gap: Any, share: float) -> tuple[float, float, float | None, float | None]:
    plain = one.value(gap).plain()
    return share, plain["value"], plain.get("low"), plain.get("high")
