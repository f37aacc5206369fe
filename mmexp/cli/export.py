"""``mmexp export``: a trained run as a graph that needs no mmexp."""

from __future__ import annotations

import sys
from typing import Any

HELP = "Export a trained run as a graph for ONNX Runtime or torch."
USAGE = """
mmexp export RUN [--format onnx | torch] [--to FOLDER] [key=value ...] [--json] [--outputs FOLDER]

  RUN               a run's path, its id, the beginning of it, or 'last'
  --format FORMAT   onnx: model.onnx (default); torch: model.pt2 of torch.export
  --to FOLDER       where the graph is written; default: export/FORMAT in the folder of the run. An earlier
                    export there is replaced
  key=value         dataset.root=FOLDER for the samples that the graph is compared on
  --json            what was compared, and nothing else
  --outputs FOLDER  folder of all runs; default: outputs

A task that generates text gives two graphs: encoder, and step, which predicts the next word. A graph takes batches of
any size and length. It is compared with the run on samples of the test split; if an answer
differs by more than 1e-4, it is not kept. What can be exported: mmexp list export.
"""


def run(argv: list[str]) -> int:
    """Export and print; see ``USAGE``."""
    from pathlib import Path

    from mmexp.cli._arguments import Arguments
    from mmexp.run.folder import RunFolder

    arguments = Arguments("export")
    arguments.add_argument("run")
    arguments.add_argument("overrides", nargs="*")
    arguments.add_argument("--format", default="onnx")
    arguments.add_argument("--to")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    folder = RunFolder.find(given.run, given.outputs)

    from mmexp.deploy.export import export
    from mmexp.deploy.format import find_format
    from mmexp.inference.evaluate import split_samples
    from mmexp.inference.predictor import restore
    from mmexp.run.jsonfile import dumps
    from mmexp.run.study import write_study

    form = find_format(given.format)
    to = Path(given.to) if given.to else folder.path / "export" / given.format
    trained = restore(folder, given.overrides)
    found = export(folder, trained, split_samples(trained).samples, form, to)
    found = write_study(folder, "export", {"folder": str(to), **found}, ["export", *argv])
    if given.json:
        print(dumps(found), end="")
    else:
        _print_table(found)
    return 0


def _print_table(found: dict[str, Any]) -> None:
    from mmexp.cli._table import print_table
    from mmexp.cli._text import number

    rows = [[one["samples"], _lengths(one["lengths"]), number(one["error"])] for one in found["compared"]]
    print_table(["samples>", "lengths", "largest absolute error>"], rows)
    if found["one_length"]:
        print(f"note: no other length was there to compare: {_lengths(found['one_length'])}", file=sys.stderr)
    for one in found["graphs"]:
        print(f"{found['folder']}/{one['file']}: {', '.join(one['inputs'])} -> {', '.join(one['outputs'])}")


def _lengths(lengths: dict[str, int]) -> str:
    return ", ".join(f"{name} {length}" for name, length in lengths.items())
