"""``mmexp cost``: what runs cost next to each other, such as a teacher and its student."""

from __future__ import annotations

HELP = "Compare quality, size and latency of trained runs, such as a teacher and its student."
USAGE = """
mmexp cost RUN RUN ... [--max-drop X] [key=value ...] [--json] [--outputs FOLDER]

  RUN               a run's path, its id, the beginning of it, or 'last'; the first is what the others are compared with
  --max-drop X      how much worse the metric may be, in its own units; if one is worse by more, the exit code is 1
  key=value         dataset.root=FOLDER for the test split, hardware=cpu, training.batch_size
  --json            what was measured, and nothing else
  --outputs FOLDER  folder of all runs; default: outputs

All are measured on the same test samples, and timed on one sample at a time, on an idle machine if the latency is to be
of use. Folders that mmexp prune and mmexp package write stand for runs.
"""


def run(argv: list[str]) -> int:
    """Measure and print; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.cli._study import is_setting, named_runs

    arguments = Arguments("cost")
    arguments.add_argument("words", nargs="+")
    arguments.add_argument("--max-drop", type=float)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    folders, typed = named_runs(given), [word for word in given.words if is_setting(word)]

    from mmexp.deploy.cost import compare_costs
    from mmexp.run.jsonfile import dumps
    from mmexp.run.study import write_study

    found = compare_costs(folders, typed, given.max_drop)
    found = write_study(folders[0], "cost", found, ["cost", *argv])
    if given.json:
        print(dumps(found), end="")
        return 0
    from mmexp.cli._before_after import print_before_after

    print_before_after(found["ways"], {"zeros": "zeros", "p50_ms": "p50 ms", "p95_ms": "p95 ms"})
    print(f"{found['samples']} test samples; latency of one sample over {found['timed']} runs")
    return 0
