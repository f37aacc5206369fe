"""``mmexp runs``: list runs, write tags and notes on them, put them aside, and free the space that nothing needs."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mmexp.analysis.format import formats
from mmexp.error import ConfigError

if TYPE_CHECKING:
    from mmexp.run.summary import RunRow

HELP = "List runs, tag or note them, put them in the trash and back, free space."
USAGE = f"""
mmexp runs [list] [RUN ...] [--where CONDITION] [--sort COLUMN] [--columns COLUMN,...] [--all] [--md ...]
mmexp runs tag TAG,... [RUN ...] [--where CONDITION] [--remove]
mmexp runs note TEXT [RUN ...] [--where CONDITION]
mmexp runs trash [RUN ...] [--where CONDITION]
mmexp runs restore RUN ... | --all
mmexp runs gc [--yes]

  RUN               folders, sweeps, run ids, their beginnings or 'last'
  list              the newest runs with their status, or all that are named
  tag               put words on runs, which mmexp compare shows; with --remove take them off
  note              write a text on runs in place of what was there; an empty one removes it
  trash             put runs aside, in outputs/.trash: no verb sees them any more
  restore           put runs back
  gc                list what may be deleted: old checkpoints of finished runs, failed runs, the trash; it keeps what a
                    sweep, a baseline or a config cites, and what is running
  --where CONDITION only such runs, for instance 'status == failed' or 'paper in tags'; see mmexp compare --help
  --sort COLUMN     sort by a column, by -COLUMN from the largest on; default: newest first
  --columns COLUMN,...  these columns: run, name, status, config keys, metrics, weights, train, tags, note, resumed ...
  --all             every run
  --yes             delete it
  {", ".join(f"--{name}" for name in formats())}
                    write the list in a format
  --outputs FOLDER  folder of all runs; default: outputs
"""
_NEWEST = 20


def run(argv: list[str]) -> int:
    """Do what is asked with runs; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments, joined

    arguments = Arguments("runs")
    arguments.add_argument("words", nargs="*")
    for name in ("--where", "--sort", "--columns"):
        arguments.add_argument(name, default="")
    for name in ("--all", "--remove", "--yes"):
        arguments.add_argument(name, action="store_true")
    for name in formats():
        arguments.add_argument(f"--{name}", action="store_const", dest="format", const=name, default="")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(joined(argv, "--sort"))
    action, words = (
        (given.words[0], given.words[1:]) if given.words[:1] and given.words[0] in _ACTIONS else ("list", given.words)
    )
    return int(_ACTIONS[action](words, given))


def _list(words: Sequence[str], given: Namespace) -> int:
    """Print the runs that are named or, of all, the newest."""
    from mmexp.analysis.format import render
    from mmexp.analysis.runs_table import runs_table
    from mmexp.cli._advice import print_advice
    from mmexp.cli._ranking import show_table
    from mmexp.run.command import first_run

    found = _rows(words, given)[::-1]
    if not found:
        print(f"No runs in {given.outputs} yet. {first_run(given.outputs)}")
        return 0
    shown = found if given.all or words or given.where or given.format or given.sort else found[:_NEWEST]
    table = runs_table(shown, [name for name in given.columns.split(",") if name], given.sort)
    if given.format:
        print(render(given.format, [table]), end="")
        return 0
    show_table(table)
    if len(shown) < len(found):
        print(f"{len(found) - len(shown)} older runs are shown by --all.")
    print_advice(shown[::-1])
    return 0


def _tag(words: Sequence[str], given: Namespace) -> int:
    """Put tags on runs, or take them off."""
    from mmexp.run.annotation import set_tags

    tags = [tag for tag in (words[0] if words else "").split(",") if tag]
    if not tags:
        raise ConfigError("runs: TAG must be named, got none.", "Run: mmexp runs --help")
    for row in _chosen("tag", words[1:], given):
        found = set_tags(row.folder, remove=tags) if given.remove else set_tags(row.folder, add=tags)
        print(f"{row.folder.id}: {', '.join(found.tags) or 'no tags'}")
    return 0


def _note(words: Sequence[str], given: Namespace) -> int:
    """Write a note on runs."""
    from mmexp.cli._text import printable
    from mmexp.run.annotation import set_note

    if not words:
        raise ConfigError("runs: TEXT must be given, got none.", "Run: mmexp runs --help")
    for row in _chosen("note", words[1:], given):
        print(printable(f"{row.folder.id}: {set_note(row.folder, words[0]).note or 'no note'}"))
    return 0


def _trash(words: Sequence[str], given: Namespace) -> int:
    """Put runs aside, and say what cites them."""
    from mmexp.analysis.citation import citations
    from mmexp.run.command import line
    from mmexp.run.summary import rows
    from mmexp.run.trash import trash

    chosen = _chosen("trash", words, given)
    cited = citations(given.outputs, rows(given.outputs))
    for row in chosen:
        trash(row.folder)
        print(f"{row.folder.id} is in the trash{f' ({cited[row.folder.id]})' if row.folder.id in cited else ''}.")
    print(f"Run: {line('runs', 'restore', *(row.folder.id for row in chosen), *_there(given))}")
    return 0


def _restore(words: Sequence[str], given: Namespace) -> int:
    """Put runs back."""
    from mmexp.run.command import line
    from mmexp.run.trash import restore, trashed

    if not words and not given.all:
        hint = f"Run: {line('runs', 'restore', '--all', *_there(given))}"
        raise ConfigError("runs: RUN must be named to restore it, got none.", hint)
    ids = [folder.id for folder in trashed(given.outputs)] if given.all else words
    for id in ids:
        print(f"{restore(id, given.outputs).id} is back.")
    return 0


def _collect_garbage(words: Sequence[str], given: Namespace) -> int:
    """List what may be deleted, and delete it if that is asked for."""
    from mmexp.analysis.citation import citations
    from mmexp.cli._table import print_table
    from mmexp.run.command import line
    from mmexp.run.garbage import garbage
    from mmexp.run.summary import rows
    from mmexp.run.trash import trashed

    if words:
        hint = f"Run: {line('runs', 'gc', *_there(given))}"
        raise ConfigError(f"runs: gc must stand without runs, got '{words[0]}'.", hint)
    known, aside = rows(given.outputs), trashed(given.outputs)
    cited = citations(given.outputs, known, aside)
    found = list(garbage(known, aside, cited))
    cells = [[one.folder.id, one.folder.name, one.what, f"{one.size / 2**20:.1f}"] for one in found]
    print_table(["run!", "name", "what", "MiB>"], cells)
    for id in [one.folder.id for one in known if one.status == "failed"] + [one.id for one in aside]:
        if id in cited:
            print(f"kept {id}: {cited[id]}")
    total = f"{sum(one.size for one in found) / 2**20:.1f} MiB"
    if not given.yes:
        hint = f"{total} may be deleted, nothing was.\nRun: {line('runs', 'gc', '--yes', *_there(given))}"
        print(hint if found else "Nothing to delete.")
        return 0
    for one in found:
        one.delete()
    print(f"{total} deleted.")
    return 0


def _rows(words: Sequence[str], given: Namespace) -> list[RunRow]:
    """Runs that are named, or all, for which the condition holds."""
    from mmexp.analysis.where import where
    from mmexp.run.collect import collect
    from mmexp.run.folder import runs
    from mmexp.run.summary import read_rows

    found = read_rows(collect(words, given.outputs) if words else runs(given.outputs))
    return where(found, given.where) if given.where and found else found


def _chosen(verb: str, words: Sequence[str], given: Namespace) -> list[RunRow]:
    """Runs that something is done with: never all where none is named."""
    from mmexp.run.command import list_runs

    if not words and not given.where:
        rule = f"runs: RUN or --where must say what to {verb}"
        raise ConfigError(f"{rule}, got neither.", f"Run: {list_runs(given.outputs)}")
    return _rows(words, given)


def _there(given: Namespace) -> list[str]:
    """The words that name the folder of runs, if it is not the usual one."""
    return [] if given.outputs == "outputs" else ["--outputs", str(given.outputs)]


_ACTIONS: dict[str, Callable[[Sequence[str], Namespace], Any]] = {
    "list": _list,
    "tag": _tag,
    "note": _note,
    "trash": _trash,
    "restore": _restore,
    "gc": _collect_garbage,
}
