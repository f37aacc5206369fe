"""``mmexp prune``: a trained run with its smallest weights set to zero."""

from __future__ import annotations

HELP = "Prune the weights of a trained run, and compare it with what it was."
USAGE = """
mmexp prune RUN [--amount X] [--structured] [--max-drop X] [--to FOLDER] [key=value ...] [--json] [--outputs FOLDER]

  RUN               a run's path, its id, the beginning of it, or 'last'
  --amount X        share of the weights of all linear and convolutional layers; default: 0.3
  --structured      whole outputs of each layer of encoders and fusion, in place of single weights
  --max-drop X      how much worse the metric may be, in its own units; if it is worse by more, nothing is kept and the
                    exit code is 1
  --to FOLDER       where the result is written; default: pruned in the folder of the run
  key=value         dataset.root=FOLDER for the test split, hardware=cpu, training.batch_size
  --json            what was measured, and nothing else
  --outputs FOLDER  folder of all runs; default: outputs

The path of the result stands for a run, in mmexp test and mmexp predict. Its zeros are stored as numbers: it is neither
smaller nor faster until something makes use of them. To fine-tune it, train a run from it with pretrained=FOLDER, which
takes encoders and fusion, and prune that again.
"""


def run(argv: list[str]) -> int:
    """Prune and print; see ``USAGE``."""
    from pathlib import Path

    from mmexp.cli._arguments import Arguments
    from mmexp.run.folder import RunFolder

    arguments = Arguments("prune")
    arguments.add_argument("run")
    arguments.add_argument("overrides", nargs="*")
    arguments.add_argument("--amount", type=float, default=0.3)
    arguments.add_argument("--structured", action="store_true")
    arguments.add_argument("--max-drop", type=float)
    arguments.add_argument("--to")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    folder = RunFolder.find(given.run, given.outputs)

    from mmexp.deploy.prune import prune
    from mmexp.inference.evaluate import split_samples
    from mmexp.inference.predictor import restore
    from mmexp.run.jsonfile import dumps
    from mmexp.run.study import write_study
    from mmexp.run.summary import row

    to = Path(given.to) if given.to else folder.path / "pruned"
    trained = restore(folder, given.overrides)
    ways = {"amount": given.amount, "structured": given.structured, "most": given.max_drop}
    found = prune(row(folder), trained, split_samples(trained), to=to, **ways)
    found = write_study(folder, "prune", {"folder": str(to), "max_drop": given.max_drop, **found}, ["prune", *argv])
    if given.json:
        print(dumps(found), end="")
        return 0
    from mmexp.cli._before_after import print_before_after

    print_before_after(found["ways"], {"zeros": "zeros", "p50_ms": "p50 ms", "p95_ms": "p95 ms"})
    print(f"{to}: {found['samples']} test samples; latency of one sample over {found['timed']} runs")
    return 0
