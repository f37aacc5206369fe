"""``mmexp report``: everything that is known of some runs on one HTML page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from mmexp.error import ConfigError

HELP = "Write one HTML page of runs: verdicts, leaderboard, curves, cost, seeds, samples."
USAGE = """
mmexp report [RUN ...] [--to FILE] [--metric KEY] [--by KEY,...] [--outputs FOLDER]

  RUN               folders, sweeps, run ids, their beginnings or 'last'; all runs if none is given
  --to FILE         where to write it; default: report.html
  --metric KEY      rank by this, for instance test/accuracy; default: what the runs monitored, on the test split
  --by KEY,...      group by these config keys, for instance fusion; default: everything but seed and fold
  --outputs FOLDER  folder of all runs; default: outputs

The page needs no other file and makes no request. Baselines of the runs stand on it without being named.
"""


def run(argv: list[str]) -> int:
    """Write the page; see ``USAGE``."""
    from mmexp.analysis.comparison import read_comparisons
    from mmexp.analysis.report.page import page
    from mmexp.cli._arguments import Arguments
    from mmexp.run.atomic import write_atomic
    from mmexp.run.collect import said_of_trials
    from mmexp.run.command import line
    from mmexp.run.redact import redact

    arguments = Arguments("report")
    arguments.add_argument("refs", nargs="*")
    arguments.add_argument("--to", default="report.html")
    arguments.add_argument("--metric", default="")
    arguments.add_argument("--by", default="")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    path = checked_page(given.to)
    keys = [key for key in given.by.split(",") if key]
    compared = read_comparisons(given.refs, given.outputs, keys, given.metric)
    date = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    write_atomic(path, page(compared, redact(line("report", *argv)), date))
    number = sum(len(way.group.runs) for one in compared.comparisons for way in one.ways)
    print(f"{path}: {number} runs, {path.stat().st_size / 1e6:.1f} MB")
    if compared.trials:
        print(f"{said_of_trials(compared.trials)}.")
    return 0


def checked_page(name: str) -> Path:
    """Return where a page is written.

    Raises:
        ConfigError: If that is no HTML file in a folder that is there.
    """
    path = Path(name)
    if path.suffix not in (".html", ".htm") or path.is_dir():
        raise ConfigError(f"mmexp report: --to must be a file that ends with .html, got '{name}'.")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"mmexp report: --to must lie in a folder that is there, got '{name}'.")
    return path
