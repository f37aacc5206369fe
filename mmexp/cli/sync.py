"""``mmexp sync``: send what loggers have kept offline to their services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmexp.error import ConfigError, MmexpError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmexp.run.folder import RunFolder

HELP = "Send runs to the services of their loggers: what was logged offline."
USAGE = """
mmexp sync RUN [RUN ...] [logger=OPTION] [logger.NAME.key=value ...] [--outputs FOLDER]

  RUN               its path, its id, the beginning of it, 'last', a sweep, or a folder of runs
  logger=OPTION     send them by this logger, in place of those that the runs had
  logger.NAME.key   for instance logger.mlflow.server=http://localhost:5000
  --outputs FOLDER  folder of all runs; default: outputs

Keys are read from the environment of the service: WANDB_API_KEY, MLFLOW_TRACKING_TOKEN.
"""


def run(argv: list[str]) -> int:
    """Send each run; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.run.collect import collect

    arguments = Arguments("sync")
    arguments.add_argument("words", nargs="+")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    typed = [word for word in given.words if "=" in word]
    refs = [word for word in given.words if word not in typed]
    if not refs:
        raise ConfigError("mmexp sync: RUN must be named, got none.", "Run: mmexp list runs")
    return max(_sync(folder, typed) for folder in collect(refs, given.outputs))


def _sync(folder: RunFolder, typed: Sequence[str]) -> int:
    """Send one run, and print a line per logger."""
    from mmexp.cli._text import printable
    from mmexp.config.compose import load_config
    from mmexp.config.instantiate import instantiate
    from mmexp.run.provenance import RUNNING, status
    from mmexp.run.redact import redact

    if status(folder).startswith(RUNNING):
        print(f"{folder.id}: it trains; it can be sent once it has ended")
        return 1
    config, code, sent = load_config(folder.config, typed), 0, False
    for name, node in config.plain()["logger"].items():
        logger = instantiate("logger", node, plugins=config.plugins, at=f"logger.{name}")
        try:
            done = logger.sync(folder)
            said = f"{name}: {done}" if done else ""
        except MmexpError as error:
            code, said = error.exit_code, " ".join(filter(None, [str(error), error.hint]))
        if said:
            sent = True
            print(printable(f"{folder.id}: {redact(said)}"))
    if not sent:
        print(f"{folder.id}: no logger with a service; add logger=wandb or logger=mlflow")
    return code
