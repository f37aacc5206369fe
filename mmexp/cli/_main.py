"""Find the verb, run it, and turn whatever happens into an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from mmexp import __version__
from mmexp.cli._exit import leave
from mmexp.error import ConfigError, MmexpError, ResourceError, nearest
from mmexp.run.atomic import FULL, full_disk
from mmexp.run.command import line
from mmexp.run.packages import broken_import

_HELP = ("-h", "--help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        argv: Words after ``mmexp``; those of the process if None.

    Returns:
        0 finished, 1 failed, 2 wrong usage, 3 data or (--strict) a fusion that is no better, 4 numerics, 5 resources,
        130 interrupted, 143 stopped.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if argv is None else argv)
    if sys.stdout is None:
        return _show(MmexpError("mmexp: stdout must be open, got a closed one.", f"Run: {line(*words)} > mmexp.txt"))
    try:
        code = _dispatch(words)
        sys.stdout.flush()
        return code
    except MmexpError as error:
        return _show(error)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        if not _reader_left():
            return _trace()
        _discard_stdout()
        return 1
    except OSError as error:
        if error.errno not in FULL:
            return _trace()
        if error.filename:
            return _show(full_disk(Path(os.fsdecode(error.filename)), error, 0))
        _discard_stdout()
        return _show(ResourceError(f"mmexp: stdout must have room for the output, got {error.strerror}."))
    except ModuleNotFoundError as error:
        if not error.name or error.name.partition(".")[0] == "mmexp":
            return _trace()
        rule = "package must be installed"
        return _show(ConfigError(f"mmexp: {rule}, got no '{error.name}'.", "Run: mmexp doctor"))
    except Exception as error:
        if problem := broken_import(error):
            return _show(problem)
        return _trace()


def command() -> NoReturn:
    """Run the command line of this process, and end it: what ``mmexp`` starts."""
    leave(main())


def verbs() -> list[str]:
    """Names of the verbs: the public modules next to this one."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))


def _dispatch(argv: list[str]) -> int:
    if not argv or argv[0] in _HELP:
        print(_overview())
        return 0
    if argv[0] == "--version":
        print(f"mmexp {__version__}")
        return 0
    if argv[0] not in verbs():
        raise ConfigError(f"mmexp: verb must be one that exists, got '{argv[0]}'.", nearest(argv[0], verbs()))
    verb = _load(argv[0])
    if any(word in _HELP for word in argv[1:]):
        print(f"{verb.HELP}\n\n{verb.USAGE.strip()}")
        return 0
    return int(verb.run(argv[1:]))


def _overview() -> str:
    width = max(map(len, verbs())) + 1
    lines = [f"  {name:<{width}}{_load(name).HELP}" for name in verbs()]
    return "\n".join(
        [
            "mmexp: which way of fusing modalities works, for which task, on my data, at what cost?",
            "",
            "mmexp <verb> [...]",
            "",
            *lines,
            "",
            "mmexp VERB --help says more, mmexp --version the version.",
        ]
    )


def _load(name: str) -> ModuleType:
    return import_module(f"mmexp.cli.{name}")


def _reader_left() -> bool:
    """Whether it is stdout that broke (``mmexp list | head -1``), not a pipe of our own."""
    import select

    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return bool(poll.poll(0))


def _discard_stdout() -> None:
    """Let what is still buffered go nowhere, or Python would complain about it on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show(error: MmexpError) -> int:
    from mmexp.cli._panel import show_error

    show_error(error)
    return error.exit_code


def _trace() -> int:
    import traceback

    from mmexp.run.redact import redact

    print(redact(traceback.format_exc()), end="", file=sys.stderr)
    return 1
