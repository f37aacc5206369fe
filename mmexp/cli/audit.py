"""``mmexp audit``: whether a run shows what it was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HELP = "Attack a run by membership inference: does it show which samples it was trained on?"
USAGE = """
mmexp audit RUN [--samples N] [key=value ...] [--json] [--outputs FOLDER]

  RUN               a run's path, its id, the beginning of it, or 'last'; its training data must be there
  --samples N       samples of train and of test, as many of each; default: 1000
  key=value         hardware=cpu; dataset.root, where the data has moved
  --json            what is written to study/audit.json of the run, and nothing else
  --outputs FOLDER  folder of all runs; default: outputs

Advantage is the rate of true positives less that of false ones: 0 for a guess, 1 if it is always right. The attacks
see the loss of a sample and no other model; a stronger attacker may find more.
"""


def run(argv: list[str]) -> int:
    """Attack and print; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.run.folder import RunFolder

    arguments = Arguments("audit")
    arguments.add_argument("run")
    arguments.add_argument("words", nargs="*")
    arguments.add_argument("--samples", type=int, default=1000)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    folder = RunFolder.find(given.run, given.outputs)

    from mmexp.inference.predictor import restore
    from mmexp.run.jsonfile import dumps
    from mmexp.run.study import write_study
    from mmexp.study.audit import audit

    found = write_study(folder, "audit", audit(folder, restore(folder, given.words), given.samples), ["audit", *argv])
    if given.json:
        print(dumps(found), end="")
    else:
        _show(found)
        print(folder.study / "audit.json")
    return 0


def _show(found: Mapping[str, Any]) -> None:
    from mmexp.cli._table import print_table
    from mmexp.cli._text import console

    rows = [
        [name, _cell(own["advantage"]), _cell(own["auroc"]), _cell(own["tpr_at_1_percent_fpr"]), own["rule"]]
        for name, own in found["attacks"].items()
    ]
    columns = ["attack!", "advantage!>", "AUROC!>", "true positives at 1 % false!>", "what it calls a training sample"]
    print_table(columns, rows)
    lines = [found["sentence"], *found["notes"]]
    if known := found.get("privacy"):
        kept = "infinite" if known["epsilon"] is None else f"{known['epsilon']:.3g}"
        most = f"no attack on a row exceeds an advantage of {known['largest_advantage']:.3g}"
        lines.append(f"Trained privately: epsilon {kept} at delta {known['delta']:.3g}, so that {most}.")
    for line in lines:
        console().print(line, soft_wrap=True)


def _cell(known: Mapping[str, Any]) -> str:
    ends = f" ({known['low']:.2f} to {known['high']:.2f})" if "low" in known else ""
    return f"{known['value']:.2f}{ends}"
