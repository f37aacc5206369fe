"""``mmexp predict``: predict new samples with a trained run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from mmexp.error import ConfigError

HELP = "Predict from tables, files or typed values with a trained run."
USAGE = """
mmexp predict RUN INPUT ... [key=value ...] [--json] [--outputs FOLDER]

  RUN               a run's path, its id, the beginning of it, or 'last'
  INPUT             a table (.jsonl, .csv, .tsv, .parquet): each of its rows;
                    an image, an audio file or a .txt: a sample each;
                    image=a.png audio=b.wav text='what is it': one sample of all of these
  key=value         hardware=cpu, training.batch_size, task.beams, task.length_penalty
  --json            one JSON object per sample and line, with everything the task predicts
  --outputs FOLDER  folder of all runs; default: outputs
"""


def run(argv: list[str]) -> int:
    """Predict and print; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.run import advice
    from mmexp.run.folder import RunFolder

    arguments = Arguments("predict")
    arguments.add_argument("run")
    arguments.add_argument("words", nargs="+", metavar="INPUT")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    folder = RunFolder.find(given.run, given.outputs)
    overrides = [word for word in given.words if is_override(word)]
    inputs = [word for word in given.words if word not in overrides]
    if not inputs:
        raise ConfigError("predict: INPUT must be given, got none.", f"Run: {advice.predict(folder)}")

    from mmexp.inference.evaluate import read_samples
    from mmexp.inference.predictor import restore

    trained = restore(folder, overrides)
    parts, skipped = read_samples(trained, inputs)
    rows = (row for part in parts for row in trained.predict(part))
    if given.json:
        _print_lines(rows)
    else:
        _print_table(list(rows))
    if skipped:
        print(f"{skipped} samples could not be read and are left out.", file=sys.stderr)
    return 0


def is_override(word: str) -> bool:
    """Whether a word is meant for the config: its key lies below a root key, as no modality does."""
    from mmexp.config.schema import ROOT
    from mmexp.dataset.table.ad_hoc import pair

    found = pair(word)
    return found is not None and found[0].replace("/", ".").partition(".")[0] in ROOT


def _print_lines(rows: Iterable[Mapping[str, Any]]) -> None:
    from mmexp.run.jsonfile import strict

    for row in rows:
        print(json.dumps(strict(row), ensure_ascii=False, allow_nan=False), flush=True)


def _print_table(rows: list[Mapping[str, Any]]) -> None:
    """Print id, prediction and score of each sample; the prediction is the first entry of a task's row."""
    from mmexp.cli._table import print_table
    from mmexp.cli._text import number

    answer = next((key for row in rows for key in row if key not in ("id", "score")), "")
    cells = [[row["id"], _cell(row.get(answer, "")), number(row.get("score"))] for row in rows]
    print_table(["id", answer, "score>"], cells)


def _cell(answer: Any) -> str:
    return ", ".join(map(str, answer)) if isinstance(answer, list) else str(answer)
