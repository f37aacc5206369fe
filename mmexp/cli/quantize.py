"""``mmexp quantize``: the graph of a trained run in int8."""

from __future__ import annotations

HELP = "Quantize a trained run to int8, and compare it with what it was."
USAGE = """
mmexp quantize RUN [--mode weights | dynamic] [--max-drop X] [--to FOLDER] [key=value ...] [--json] [--outputs FOLDER]

  RUN               a run's path, its id, the beginning of it, or 'last'
  --mode MODE       weights: weights alone in int8; dynamic: matrix products too; default: both
  --max-drop X      how much worse the metric may be, in its own units; if one is worse by more, nothing is kept and the
                    exit code is 1
  --to FOLDER       where the graphs are written; default: quantized in the folder of the run
  key=value         dataset.root=FOLDER for the test split, training.batch_size
  --json            what was measured, and nothing else
  --outputs FOLDER  folder of all runs; default: outputs

The run is exported for ONNX Runtime first; all are measured there, on the test split, and timed on one sample at a time
in a process of their own.
"""


def run(argv: list[str]) -> int:
    """Quantize and print; see ``USAGE``."""
    from pathlib import Path

    from mmexp.cli._arguments import Arguments
    from mmexp.run.folder import RunFolder

    arguments = Arguments("quantize")
    arguments.add_argument("run")
    arguments.add_argument("overrides", nargs="*")
    arguments.add_argument("--mode")
    arguments.add_argument("--max-drop", type=float)
    arguments.add_argument("--to")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    folder = RunFolder.find(given.run, given.outputs)

    from mmexp.deploy.quantization import modes
    from mmexp.deploy.quantize import quantize
    from mmexp.inference.evaluate import split_samples
    from mmexp.inference.predictor import restore
    from mmexp.run.jsonfile import dumps
    from mmexp.run.study import write_study
    from mmexp.run.summary import row

    to = Path(given.to) if given.to else folder.path / "quantized"
    trained = restore(folder, [*given.overrides, "hardware=cpu"])
    chosen = [given.mode] if given.mode else modes()
    found = quantize(row(folder), trained, split_samples(trained), chosen, given.max_drop, to)
    asked = {"folder": str(to), "max_drop": given.max_drop}
    found = write_study(folder, "quantize", {**asked, **found}, ["quantize", *argv])
    if given.json:
        print(dumps(found), end="")
        return 0
    from mmexp.cli._before_after import print_before_after

    print_before_after(found["ways"], {"p50_ms": "p50 ms", "p95_ms": "p95 ms", "memory_mb": "MB"})
    print(f"{to}: {found['samples']} test samples; latency of one sample over {found['timed']} runs")
    return 0
