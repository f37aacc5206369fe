"""``mmexp ensemble``: how good the average of several runs is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmexp.error import ConfigError

if TYPE_CHECKING:
    from mmexp.study.ensemble import Ensemble

HELP = "Average the probabilities that several runs have predicted, and measure the result."
USAGE = """
mmexp ensemble RUN RUN ... [plugins=[...]] [--weights W,W,... | --fit] [--json] [--outputs FOLDER]

  RUN               folders, run ids, their beginnings, or a folder of runs; all of one task and data
  plugins=[...]     packages of parts that are not mmexp's own
  --weights W,W,... what each run counts, in the order of the runs; default: all the same
  --fit             choose the weights whose average is best on the validation split
  --json            weights and metrics as JSON
  --outputs FOLDER  folder of all runs; default: outputs

Late fusion of runs that were trained apart: one run per input is decision-level fusion, one per seed a deep ensemble.
Read from predictions/val.jsonl and test.jsonl of each run; no model is loaded. Fitted weights have seen the labels of
val, so only the metrics of test say how good they are.
"""


def run(argv: list[str]) -> int:
    """Print the metrics of each run and of all together; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.run.collect import collect
    from mmexp.study.ensemble import make_ensemble, read_member

    arguments = Arguments("ensemble")
    arguments.add_argument("refs", nargs="+")
    arguments.add_argument("--weights", default="")
    arguments.add_argument("--fit", action="store_true")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    if given.weights and given.fit:
        raise ConfigError(f"ensemble: --weights must be left out with --fit, got {given.weights}.")
    weights = read_weights(given.weights)
    typed = [word for word in given.refs if word.startswith("plugins=")]
    folders = collect([word for word in given.refs if word not in typed], given.outputs)
    made = make_ensemble([read_member(folder, typed) for folder in folders], weights, given.fit)
    if given.json:
        _print_json(made)
    else:
        _print_table(made)
    return 0


def read_weights(text: str) -> list[float] | None:
    """Read numbers between commas; None if there are none.

    Raises:
        ConfigError: If something else stands there.
    """
    try:
        return [float(one) for one in text.split(",")] if text else None
    except ValueError as error:
        raise ConfigError(f"ensemble: --weights must be numbers between commas, got {text!r}.") from error


def _print_json(made: Ensemble) -> None:
    from mmexp.run.jsonfile import dumps

    apart = zip(made.members, made.weights, made.metrics_apart(), strict=True)
    members = [{"run": one.run.folder.id, "weight": weight, "metrics": own} for one, weight, own in apart]
    print(dumps({"runs": members, "metrics": made.metrics()}), end="")


def _print_table(made: Ensemble) -> None:
    from mmexp.analysis.cell import cell
    from mmexp.cli._table import print_table
    from mmexp.cli._text import number

    together, monitor = made.metrics(), made.members[0].run.monitor.rpartition("/")[2]
    keys = sorted(together, key=lambda key: (key.rpartition("/")[2] != monitor, key.startswith("val/")))
    columns = ["run!", "inputs", "fusion", "weight>", *(f"{key}>" for key in keys)]

    def cells(values: dict[str, float]) -> Sequence[str]:
        return [number(values[key]) for key in keys]

    rows = [
        [one.run.folder.id, cell(one.run.inputs), cell(one.run.config.get("fusion")), number(weight), *cells(own)]
        for one, weight, own in zip(made.members, made.weights, made.metrics_apart(), strict=True)
    ]
    print_table(columns, [*rows, ["ensemble", "", "", "", *cells(together)]], optional=keys[:1:-1])
