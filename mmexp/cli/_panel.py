"""A user's mistake as one panel, without a traceback."""

from __future__ import annotations

import sys

from mmexp.cli._text import printable
from mmexp.error import MmexpError
from mmexp.run.redact import redact

_TITLES = {
    2: "wrong configuration",
    3: "data refused",
    4: "numbers diverged",
    5: "out of resources",
    130: "stopped",
    143: "stopped",
}


def show_error(error: MmexpError) -> None:
    """Print message and hint to stderr: a panel on a terminal, plain lines anywhere else.

    The hint stands below the panel and is not broken into lines, so that it can be copied.
    """
    message = printable(redact(str(error)))
    hint = printable(redact(error.hint))
    title = _TITLES.get(error.exit_code, "failed")
    if sys.stderr and sys.stderr.isatty():
        _print_panel(title, message, hint)
    else:
        print("\n".join(filter(None, [f"mmexp: {title}", message, hint])), file=sys.stderr)


def _print_panel(title: str, message: str, hint: str) -> None:
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    console.print(Panel(Text(message), title=f"mmexp: {title}", title_align="left", border_style="red"))
    if hint:
        console.print(Text(hint, style="bold"), soft_wrap=True)
