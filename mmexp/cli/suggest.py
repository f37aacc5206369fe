"""``mmexp suggest``: which samples to label next."""

from __future__ import annotations

import json
from typing import Any

HELP = "Rank unlabelled samples by how uncertain a trained run is of them."
USAGE = """
mmexp suggest RUN --unlabeled TABLE [--by margin | entropy] [--top N] [key=value ...] [--json] [--outputs FOLDER]

  RUN                a run's path, its id, the beginning of it, or 'last'; of a task that scores classes
  --unlabeled TABLE  a table (.jsonl, .csv, .tsv, .parquet), whose labels are not read
  --by MEASURE       margin: how near the two best scores are (default); entropy: of all scores
  --top N            how many are listed, the least certain first; default: 20
  key=value          hardware=cpu, training.batch_size
  --json             one JSON object per sample and line, all of them
  --outputs FOLDER   folder of all runs; default: outputs
"""


def run(argv: list[str]) -> int:
    """Rank and print; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.run.folder import RunFolder

    arguments = Arguments("suggest")
    arguments.add_argument("run")
    arguments.add_argument("words", nargs="*")
    arguments.add_argument("--unlabeled", required=True)
    arguments.add_argument("--by", default="margin")
    arguments.add_argument("--top", type=int, default=20)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    folder = RunFolder.find(given.run, given.outputs)

    from mmexp.inference.evaluate import read_samples
    from mmexp.inference.predictor import restore
    from mmexp.run.jsonfile import strict
    from mmexp.study.suggest import rank

    trained = restore(folder, given.words)
    parts, _ = read_samples(trained, [given.unlabeled])
    rows = rank((row for part in parts for row in trained.predict(part)), given.by)
    if given.json:
        for row in rows:
            print(json.dumps(strict(row), ensure_ascii=False, allow_nan=False))
    else:
        _print_table(rows[: given.top], len(rows))
    return 0


def _print_table(rows: list[dict[str, Any]], total: int) -> None:
    from mmexp.cli._table import print_table
    from mmexp.cli._text import number

    cells = []
    for row in rows:
        best = sorted(row["scores"].items(), key=lambda pair: -pair[1])[:3]
        shown = ", ".join(f"{name} {number(score)}" for name, score in best)
        cells.append([row["id"], shown, number(row["uncertainty"])])
    print_table(["id", "scores", "uncertainty>"], cells)
    if len(rows) < total:
        print(f"{total - len(rows)} more are shown by --json.")
