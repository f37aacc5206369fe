"""Rows of a bench, printed and stored one at a time: a bench that is stopped keeps what it has measured."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from harness import HEADS, Pair, line, measure, surroundings

Benches = Mapping[str, Callable[[bool], Iterator[Pair]]]
QUICK, FULL = 2, 7  # repeats
STOPPED = 130  # exit code


class Report:
    """The JSON file of one bench, complete after each row; as a context, it ends quietly on Ctrl-C.

    Args:
        path: The file.
        sections: Names of its lists of rows.
    """

    def __init__(self, path: Path, sections: Sequence[str]) -> None:
        self.path, self.stopped = path, False
        self.sections: dict[str, list[dict[str, Any]]] = {name: [] for name in sections}
        self.machine = surroundings()
        self._write()

    def __enter__(self) -> Report:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        self.stopped = kind is KeyboardInterrupt
        count = sum(map(len, self.sections.values()))
        print(f"\n{'stopped; ' if self.stopped else ''}{count} rows with all samples are in {self.path}", flush=True)
        return self.stopped

    def add(self, section: str, row: dict[str, Any], text: str) -> None:
        """Print a row and store it."""
        if section == "rows" and not self.sections[section]:
            print(line(HEADS))
        print(text, flush=True)
        self.sections[section].append(row)
        self._write()

    def exit_code(self) -> int:
        """130 if it was stopped, 1 if a bound was missed on a quiet machine, else 0."""
        missed = any(row["missed"] and not row["busy"] for row in self.sections["rows"])
        return STOPPED if self.stopped else int(missed)

    def _write(self) -> None:
        busy = any(row["busy"] for row in self.sections.get("rows", ()))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(f".{self.path.name}.unfinished")
        unfinished.write_text(json.dumps({**self.machine, "busy": busy, **self.sections}, indent=1) + "\n")
        unfinished.replace(self.path)


def ratios(benches: Benches, ids: Sequence[str], quick: bool, once: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Measure all pairs of some benches with one thread and, unless quick, two; one that misses its bound, twice.

    Args:
        benches: All there are, by id.
        ids: The ones to measure.
        quick: Two repeats, one thread, small sizes.
        once: Ids that the number of threads does not reach.
    """
    repeats = QUICK if quick else FULL
    for threads in (1,) if quick else (1, 2):
        torch.set_num_threads(threads)
        for id in ids:
            for pair in benches[id](quick) if threads == 1 or id not in once else ():
                print(f"{pair.id} {pair.what}, {threads} threads ...", file=sys.stderr, flush=True)
                row = measure(pair, repeats, threads)
                yield measure(pair, repeats, threads) if row["missed"] and not quick else row
    torch.set_num_threads(1)


def arguments(description: str, known: Sequence[str], path: str) -> argparse.Namespace:
    """Parse ``--only``, ``--quick`` and ``--json``."""

    def chosen(text: str) -> list[str]:
        ids = text.split(",")
        if wrong := [id for id in ids if id not in known]:
            raise argparse.ArgumentTypeError(f"{', '.join(wrong)} must be one of {', '.join(known)}")
        return ids

    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--only", type=chosen, default=list(known), help=f"such as {known[0]}; default: all")
    parser.add_argument("--quick", action="store_true", help="two repeats, one thread, small sizes")
    parser.add_argument("--json", type=Path, default=Path(path), help="default: %(default)s")
    return parser.parse_args()
