"""One file per verb: ``mmexp <verb>`` runs ``run`` of the public module of that name in this folder.

A verb gives ``HELP`` (one line), ``USAGE`` (what may be typed) and ``run(argv) -> exit code``, and imports what is slow
only inside ``run``. Modules with a leading underscore are the frame.
"""

from mmexp.cli._main import command, main

__all__ = ["command", "main"]
