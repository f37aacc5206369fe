"""What the verbs that study a trained run share: their words, the run, and how numbers with intervals are shown."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmexp.cli._arguments import Arguments
from mmexp.error import ConfigError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mmexp.run.folder import RunFolder
    from mmexp.study.studied_run import StudiedRun

WORDS = """
  key=value         dataset.root=FOLDER or dataset.manifest=FILE for other data of the same form; hardware=cpu,
                    training.batch_size
  --split SPLIT     val or test; default: test
  --metric METRIC   a metric of the run, without its split; default: the one that chose its best checkpoint
  --json            what is written to study/ of the run folder, and nothing else
  --outputs FOLDER  folder of all runs; default: outputs
"""
"""Options that they share, for ``USAGE``."""


def study_arguments(verb: str) -> Arguments:
    """Return the options that every one of them has."""
    arguments = Arguments(verb)
    arguments.add_argument("words", nargs="+")
    arguments.add_argument("--split", default="test", choices=["val", "test"])
    arguments.add_argument("--metric", default="")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    return arguments


def named_runs(given: Namespace) -> list[RunFolder]:
    """Return the runs that words without a ``=`` name."""
    from mmexp.run.collect import collect

    return collect([word for word in given.words if not is_setting(word)], given.outputs)


def one_run(given: Namespace) -> RunFolder:
    """Return the run that is named.

    Raises:
        ConfigError: If it is not exactly one.
    """
    folders = named_runs(given)
    if len(folders) != 1:
        got = ", ".join(folder.id for folder in folders) or "none"
        raise ConfigError(f"study: RUN must be one run, got {got}.", "Run: mmexp runs")
    return folders[0]


def open_run(folder: RunFolder, given: Namespace) -> StudiedRun:
    """Restore a run and read its split, with the settings among the words."""
    from mmexp.study.studied_run import studied_run

    settings = [word for word in given.words if is_setting(word)]
    return studied_run(folder, settings, given.split, given.metric)


def is_setting(word: str) -> bool:
    """Whether a word is ``key=value``."""
    return "=" in word and "/" not in word.partition("=")[0]


def show(
    written: Mapping[str, Any], given: Namespace, notes: Sequence[str], table: Callable[[Mapping[str, Any]], None]
) -> None:
    """Print what was written, as JSON or as tables, and on stderr what a user should know of the data."""
    import sys

    from mmexp.run.jsonfile import dumps

    if given.json:
        print(dumps(written), end="")
    else:
        table(written)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)


def estimate(plain: Mapping[str, Any], interval: bool = True) -> str:
    """Format a number, and its interval where it has one: ``0.81 [0.78, 0.84]``."""
    from mmexp.cli._text import number

    shown = number(plain.get("value"))
    if not interval or plain.get("low") is None:
        return shown
    return f"{shown} [{number(plain['low'])}, {number(plain['high'])}]"


def unit(numbers: Iterable[Mapping[str, Any]]) -> str:
    """Say what the intervals of some numbers are over."""
    known = next((one for one in numbers if one.get("over")), None)
    return f"95 % intervals over {known['units']} {known['over']}" if known else "no intervals"


def save_figure(figure: Figure, folders: Sequence[RunFolder], name: str) -> None:
    """Write a figure into ``study/`` of run folders."""
    import io

    from mmexp.run.atomic import write_atomic

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    for folder in folders:
        write_atomic(folder.study / f"{name}.png", buffer.getvalue())
