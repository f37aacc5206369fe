"""``mmexp package``: a trained run in one folder that predicts anywhere."""

from __future__ import annotations

HELP = "Pack a trained run into one folder that predicts anywhere."
USAGE = """
mmexp package RUN --to FOLDER [--json] [--outputs FOLDER]

  RUN               a run's path, its id, the beginning of it, or 'last'
  --to FOLDER       a new folder, or an earlier package, which is replaced
  --json            what the package says of itself, and nothing else
  --outputs FOLDER  folder of all runs; default: outputs

The folder holds weights, config, facts and tokenizer, and names no place of this machine. It holds no training data and
nothing that can run. Its path stands for a run: mmexp predict FOLDER table.csv.
"""


def run(argv: list[str]) -> int:
    """Pack and print; see ``USAGE``."""
    from pathlib import Path

    from mmexp.cli._arguments import Arguments
    from mmexp.run.folder import RunFolder

    arguments = Arguments("package")
    arguments.add_argument("run")
    arguments.add_argument("--to", required=True)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    folder, to = RunFolder.find(given.run, given.outputs), Path(given.to)

    from mmexp.deploy.package import pack
    from mmexp.inference.predictor import restore
    from mmexp.run.jsonfile import dumps

    said = pack(folder, restore(folder, ["hardware=cpu"]), to)
    if given.json:
        print(dumps(said), end="")
        return 0
    from mmexp.cli._table import print_table

    print_table(["file!", "bytes>"], [[name, f"{size:,}"] for name, size in said["files"].items()])
    print(f"{to}: {folder.id} without its data")
    return 0
