"""``mmexp check``: whether a config is valid, before anything is built."""

from __future__ import annotations

from typing import Any

HELP = "Check a config without building anything, and show what it comes to."
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
    from mmexp.config.compose import compose, load_config, stored
    from mmexp.config.override import expand
    from mmexp.error import ConfigError
    from mmexp.run.redact import redact

    problems: list[str] = []
    jobs = expand(words) if multirun else [words]
    for job in jobs:
        try:
            config = load_config(path, job) if path else compose(job)
        except ConfigError as error:
            problems += error.problems
            continue
        if show:
            print(redact(stored(config)))
        else:
            chosen = [f"{group}={option}" for group, option in config.choices.items() if "@" not in group]
            print(f"OK: {config.node.name}  {' '.join(chosen)}")
        if deep:
            _read_data(config.plain())
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))


def _read_data(root: dict[str, Any]) -> None:
    """Read every row and file, and say what was found."""
    from mmexp.dataset.base import SPLITS
    from mmexp.dataset.build import build_dataset

    dataset = build_dataset(root)
    dataset.deep = True
    dataset.prepare()
    sizes = ", ".join(f"{len(dataset.split(name))} {name}" for name in SPLITS)
    print(f"data: {sizes}, {len(dataset.skipped)} skipped, fingerprint {dataset.fingerprint()[:12]}")
    print("\n".join(dataset.notes), end="\n" if dataset.notes else "")
