"""What of the runs may be deleted: checkpoints that nothing reads, the trash, and runs that have failed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmexp.run import checkpoints, trash
from mmexp.run.folder import RunFolder
from mmexp.run.lock import Lock
from mmexp.run.summary import DONE, RunRow


@dataclass(frozen=True)
class Garbage:
    """Something that may be deleted.

    Args:
        folder: The run it is of, or that it is.
        what: In words.
        size: Bytes that this frees.
        files: Checkpoints; none if it is the whole run.
    """

    folder: RunFolder
    what: str
    size: int
    files: tuple[Path, ...] = ()

    def delete(self) -> None:
        """Delete it, unless the run is running.

        Raises:
            ConfigError: If it is running.
        """
        if not self.files:
            trash.delete(self.folder)
            return
        trash.refuse_running(self.folder)
        with Lock(self.folder):
            for path in self.files:
                checkpoints.remove(path)


def garbage(rows: Sequence[RunRow], trashed: Sequence[RunFolder], cited: Mapping[str, str]) -> Iterator[Garbage]:
    """Find what may be deleted: of finished runs all checkpoints but the best, failed runs, and the trash.

    Args:
        rows: All runs.
        trashed: Those in the trash.
        cited: Why a run is kept, by its id.
    """
    for row in rows:
        if row.status == DONE and (old := old_checkpoints(row.folder)):
            yield Garbage(row.folder, f"{len(old)} old checkpoint(s)", sum(map(freed, old)), tuple(old))
        if row.status == "failed" and row.folder.id not in cited:
            yield Garbage(row.folder, "failed run", size_of(row.folder.path))
    for folder in trashed:
        if folder.id not in cited:
            yield Garbage(folder, "run in the trash", size_of(folder.path))


def old_checkpoints(folder: RunFolder) -> list[Path]:
    """Return the checkpoints of a finished run that nothing reads: all but the newest best one, if that is intact."""
    kept = next(checkpoints.intact(folder.checkpoints, "best"), None)
    if kept is None:
        return []
    found = [path for role in ("best", "last") for path in checkpoints.listed(folder.checkpoints, role)]
    return [path for path in found if not path.samefile(kept)]


def freed(path: Path) -> int:
    """Bytes that the deletion of a file frees, where it has no other name."""
    found = path.stat()
    return found.st_size if found.st_nlink == 1 else 0


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(os.lstat(os.path.join(top, name)).st_size for top, _, names in os.walk(folder) for name in names)
