"""Options of a verb: what argparse reads, with mmexp's own errors."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import NoReturn

from mmexp.error import ConfigError, nearest


class Arguments(ArgumentParser):
    """Read a verb's words; the help text is the verb's ``USAGE``.

    Args:
        verb: Its name, for messages.
    """

    def __init__(self, verb: str) -> None:
        super().__init__(prog=f"mmexp {verb}", add_help=False, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise instead of exiting.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(f"{self.prog}: words must follow its usage, got {message}.", f"Run: {self.prog} --help")

    def read(self, argv: Sequence[str]) -> Namespace:
        """Return the value of each option.

        Raises:
            ConfigError: If a word is unknown or lacks its value.
        """
        values, unknown = self.parse_known_intermixed_args(argv)
        if unknown:
            known = sorted(self._option_string_actions)
            rule = f"{self.prog}: option must be one that exists"
            raise ConfigError(f"{rule}, got '{unknown[0]}'.", nearest(unknown[0], known) if known else "")
        return values


def joined(argv: Sequence[str], option: str) -> list[str]:
    """Return the words with an option and its value as one, since a value may begin with a minus."""
    words = list(argv)
    if option in words[:-1]:
        place = words.index(option)
        words[place : place + 2] = [f"{option}={words[place + 1]}"]
    return words
