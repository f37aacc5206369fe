"""``mmexp plot``: figures of a comparison for a paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from mmexp.error import ConfigError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HELP = "Draw figures of runs for a paper: curves, cost, seeds with intervals, ranks."
USAGE = """
mmexp plot [RUN ...] [--to FOLDER] [--format png|svg|pdf] [--metric KEY] [--by KEY,...] [--outputs FOLDER]

  RUN               folders, sweeps, run ids, their beginnings or 'last'; all runs if none is given
  --to FOLDER       where to write them; default: figures
  --format          png (default), svg or pdf
  --metric KEY      rank by this, for instance test/accuracy; default: what the runs monitored, on the test split
  --by KEY,...      group by these config keys, for instance fusion; default: everything but seed and fold
  --outputs FOLDER  folder of all runs; default: outputs

Over several data sets there is a critical-difference diagram too. Baselines of the runs are drawn without being named.
"""
_FORMATS = ("png", "svg", "pdf")


def run(argv: list[str]) -> int:
    """Write the figures; see ``USAGE``."""
    from mmexp.analysis.comparison import read_comparisons
    from mmexp.cli._arguments import Arguments
    from mmexp.run.collect import said_of_trials

    arguments = Arguments("plot")
    arguments.add_argument("refs", nargs="*")
    arguments.add_argument("--to", default="figures")
    arguments.add_argument("--format", default="png", choices=_FORMATS)
    arguments.add_argument("--metric", default="")
    arguments.add_argument("--by", default="")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    folder = Path(given.to)
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"mmexp plot: --to must be a folder, got the file '{given.to}'.")
    keys = [key for key in given.by.split(",") if key]
    compared = read_comparisons(given.refs, given.outputs, keys, given.metric)
    comparisons = compared.comparisons
    folder.mkdir(parents=True, exist_ok=True)
    for i, one in enumerate(comparisons):
        print(f"{i + 1}: {one.title}" if len(comparisons) > 1 else one.title)
    if compared.trials:
        print(f"{said_of_trials(compared.trials)}.")
    import matplotlib as mpl

    from mmexp.plot.comparison.style import SETTINGS

    with mpl.rc_context(SETTINGS):
        for module in figures():
            _write(module.draw(comparisons), folder, given.format)
    return 0


def figures() -> Iterator[ModuleType]:
    """Yield the modules that draw figures of comparisons."""
    from importlib import import_module
    from pkgutil import iter_modules

    from mmexp.plot import comparison

    found = [import_module(f"{comparison.__name__}.{one.name}") for one in iter_modules(comparison.__path__)]
    yield from (one for one in found if hasattr(one, "draw"))


def _write(drawn: Mapping[str, Figure], folder: Path, kind: str) -> None:
    """Write figures without the date, so that equal ones are equal files."""
    import io

    from mmexp.run.atomic import write_atomic

    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    for name, figure in drawn.items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, metadata=dates.get(kind))
        write_atomic(folder / f"{name}.{kind}", buffer.getvalue())
        print(folder / f"{name}.{kind}")
