"""``python -m mmexp`` is ``mmexp``."""

from mmexp.cli import command

command()
