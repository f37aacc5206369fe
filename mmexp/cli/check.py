"""``mmexp check``: whether a config is valid, before anything is built."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmexp.config.config import Config

HELP = "Check a config and its data without training anything, and show what they come to."
USAGE = """
mmexp check [GROUP=OPTION ...] [KEY=VALUE ...] [--config PATH] [-m] [--show] [--deep]

  GROUP=OPTION      fusion=gated, encoder/image=vit ...; mmexp list shows what there is
  KEY=VALUE         dim=64, fusion.temperature=2 ...; any argument of a component
  --config PATH     a run folder, or its config.yaml, instead of the composition
  -m, --multirun    check each job of a sweep: fusion=concat,gated seed=range(0,3)
  --show            print the whole config, as a run would keep it
  --deep            read the data too: every row, and every file anew, even one that is remembered
"""


def run(argv: list[str]) -> int:
    """Compose, check and print; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments

    arguments = Arguments("check")
    arguments.add_argument("overrides", nargs="*", default=[])
    arguments.add_argument("--config", default=None)
    arguments.add_argument("-m", "--multirun", action="store_true")
    arguments.add_argument("--show", action="store_true")
    arguments.add_argument("--deep", action="store_true")
    given = arguments.read(argv)
    _check(given.overrides, given.config, given.multirun, given.show, given.deep)
    return 0


def _check(words: list[str], path: str | None, multirun: bool, show: bool, deep: bool) -> None:
    from mmexp.config.compose import read_config, stored
    from mmexp.config.construct import refused_by_constructors
    from mmexp.config.override import expand
    from mmexp.error import ConfigError
    from mmexp.run.redact import redact

    problems: list[str] = []
    configs: list[Config] = []
    for job in expand(words) if multirun else [words]:
        try:
            configs.append(read_config(job, path or ""))
            problems += refused_by_constructors(configs[-1])
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    if show:
        print("\n".join(redact(stored(config)) for config in configs))
        return
    for root in {json.dumps(one.plain()["dataset"], default=str): one.plain() for one in configs}.values():
        _show_data(root, deep)
    for config in configs:
        chosen = [f"{group}={option}" for group, option in config.choices.items() if "@" not in group]
        print(f"OK: {config.node.name}  {' '.join(chosen)}")


def _show_data(root: dict[str, Any], deep: bool) -> None:
    """Print what each column of the data is, if that is a table; if deep, read every row and file of any data.

    Raises:
        ConfigError: If the data is not there.
        DataError: If it cannot be read.
    """
    from mmexp.cli._text import console
    from mmexp.dataset.base import SPLITS
    from mmexp.dataset.build import build_dataset
    from mmexp.runner.columns import show_columns, show_notes

    dataset = build_dataset(root)
    show_columns(dataset.overview(), console())
    if deep:
        dataset.deep = True
        dataset.prepare()
        sizes = ", ".join(f"{len(dataset.split(name))} {name}" for name in SPLITS)
        print(f"data: {sizes}, {len(dataset.skipped)} skipped, fingerprint {dataset.fingerprint()[:12]}")
        show_notes(dataset.notes, console())
