"""``mmexp explain``: what in the inputs makes a run answer as it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HELP = "Explain answers by heat maps, coloured words and bars, and measure their faithfulness."
USAGE = """
mmexp explain RUN [INPUT ...] [--sample ID,...] [--samples N] [--method NAME,...] [key=value ...] [--json]
              [--outputs FOLDER]

  RUN               a run's path, its id, the beginning of it, or 'last'
  INPUT             as for mmexp predict: a table, files, or image=a.png text='what is it'
  --sample ID,...   samples of the test split, by their ids
  --samples N       how many of the test split where none is named, evenly spaced; default: 4
  --method NAME,... attention, integrated_gradients, kernel_shap, lime, occlusion; default: all that suit the run
  key=value         hardware=cpu, dataset.root
  --json            what is written to study/explain.json of the run, and nothing else
  --outputs FOLDER  folder of all runs; default: outputs

Needs the extra mmexp[explain]. Writes study/explain.html of the run. A method is faithful if the score falls faster
than for random parts where its first parts are taken away (deletion), and rises faster where they are put back
(insertion).
"""


def run(argv: list[str]) -> int:
    """Explain, print and write the page; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.cli.predict import is_override
    from mmexp.run.folder import RunFolder

    arguments = Arguments("explain")
    arguments.add_argument("run")
    arguments.add_argument("words", nargs="*")
    arguments.add_argument("--sample", default="")
    arguments.add_argument("--samples", type=int, default=4)
    arguments.add_argument("--method", default="")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    folder = RunFolder.find(given.run, given.outputs)
    overrides = [word for word in given.words if is_override(word)]
    inputs = [word for word in given.words if word not in overrides]

    from mmexp.inference.predictor import restore
    from mmexp.run.atomic import write_atomic
    from mmexp.run.jsonfile import dumps
    from mmexp.run.study import write_study
    from mmexp.study.explain.choice import choose
    from mmexp.study.explain.explain import explain, listed, summarized
    from mmexp.study.explain.method import suitable
    from mmexp.study.explain.page import explanation_page

    trained = restore(folder, overrides)
    samples, groups = choose(trained, inputs, [one for one in given.sample.split(",") if one], given.samples)
    names = [one for one in given.method.split(",") if one] or suitable(trained)
    explanations = explain(trained, samples, names)
    plain = {"run": folder.id, "methods": summarized(explanations, groups), "samples": listed(explanations)}
    found = write_study(folder, "explain", plain, ["explain", *argv])
    write_atomic(folder.study / "explain.html", explanation_page(explanations, found))
    if given.json:
        print(dumps(found), end="")
    else:
        _show(found)
        print(folder.study / "explain.html")
    return 0


def _show(found: Mapping[str, Any]) -> None:
    from mmexp.cli._table import print_table

    shown = ("deletion_gain", "insertion_gain", "in_box", "box")
    kept = [name for name in shown if any(name in own for own in found["methods"].values())]
    rows = [[method, *(_cell(own.get(name)) for name in kept)] for method, own in found["methods"].items()]
    words = {"deletion_gain": "deletion, less random", "insertion_gain": "insertion, less random"}
    words |= {"in_box": "in the object's box", "box": "area of the box"}
    print_table(["method!", *(f"{words[name]}!>" for name in kept)], rows)


def _cell(known: Mapping[str, Any] | None) -> str:
    if known is None:
        return "-"
    ends = f" ({known['low']:.3f} to {known['high']:.3f})" if "low" in known else ""
    return f"{known['value']:.3f}{ends}"
