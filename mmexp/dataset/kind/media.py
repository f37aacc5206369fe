"""Open files and refuse what is broken; the base of kinds that are files."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.folder import Folder


class FileKind(Kind):
    """A kind whose cells are paths of files; a subclass says how one is opened."""

    is_file = True
    classed = False

    @abstractmethod
    def open(self, path: Path) -> Any:
        """Decode one file.

        Raises:
            ValueError: With the rest of a line that names the file, if it is broken.
        """

    def inspect(self, content: Any) -> Mapping[str, Any]:
        """Return what is kept of a file that was decoded once before training."""
        return {}

    def paths(self, value: Any) -> Sequence[Any]:
        return [value]

    def load(self, value: Any, folder: Folder) -> Any:
        return self.open(folder.locate(value))


class Refused(ValueError):
    """A refusal in our own words."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file that has content.

    Raises:
        ValueError: If it does not exist, is empty or cannot be read.
    """
    try:
        if not path.is_file():
            raise Refused("must be a file, got none")
        if path.stat().st_size == 0:
            raise Refused("must be a file with content, got 0 bytes")
        with path.open("rb") as file:
            yield file
    except OSError as fault:
        raise Refused(f"must be readable, got {fault.strerror}") from None


@contextmanager
def decoding(rule: str) -> Iterator[None]:
    """Turn whatever a decoder raises on a broken file into one ValueError.

    Args:
        rule: What the file must be.
    """
    try:
        yield
    except (Refused, MemoryError):
        raise
    except Exception as fault:
        reason = getattr(fault, "error_string", fault)  # of libsndfile, without the name of our file object
        raise Refused(f"must be {rule}, got: {reason}") from fault
