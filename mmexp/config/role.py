"""What a root key is to a run, and what fits into a place for a component."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["identity", "repetition", "place", "sweep", "study", "composed"]


@dataclass(frozen=True)
class Slot:
    """What fits into a place for a component.

    Args:
        bases: Dotted paths; a component must inherit from one of them.
        parts: Arguments that mmexp gives, which no config may.
        optional: Whether null leaves it out.
        uses_files: Whether its constructor may read or write files.
        fetched: Arguments that only say where its weights start from, which a checkpoint makes needless.
        by_name: Whether what stands there is a dictionary of such components.
    """

    bases: tuple[str, ...]
    parts: tuple[str, ...] = ()
    optional: bool = False
    uses_files: bool = False
    fetched: tuple[str, ...] = ()
    by_name: bool = False


@dataclass(frozen=True)
class Role:
    """What a root key is to a run.

    Args:
        kind: ``identity``: what the experiment is; ``repetition``: another value repeats it; ``place``: where it lies,
            what is trained or written in addition, which changes nothing of the run and so does not count for its key;
            ``sweep``: which jobs a sweep has or where they run, which is no part of a run and not in its stored config;
            ``study``: what is done to a run that is trained, likewise no part of it;
            ``composed``: filled when composed, not typed.
        slot: What its component must be, if it is a group of components. A key of type ``dict`` holds several, by name.
        changeable: Whether ``predict`` and ``test`` may change it; or the keys below it that they may.
        resumable: Whether it may be typed with ``resume=``.
        recorded: Whether a run records its value apart from what was typed.
        of_baseline: Whether a baseline sets or drops it by itself, instead of taking it from its run.
        ranked_apart: Whether runs that differ in it are never ranked against each other.
        also: Other words of the field for it.
        of_model: Whether another value makes another model, which a checkpoint does not fit.
    """

    kind: Kind = "identity"
    slot: Slot | None = None
    changeable: bool | tuple[str, ...] = False
    resumable: bool = False
    recorded: bool = False
    of_baseline: bool = False
    ranked_apart: bool = False
    of_model: bool = False
    also: tuple[str, ...] = ()

    @property
    def is_compared(self) -> bool:
        """Whether what is chosen or typed for it is recorded as a setting, which ``compare`` shows."""
        return self.kind == "identity" and not self.recorded

    @property
    def is_part(self) -> bool:
        """Whether it stands in the stored config of a run."""
        return self.kind not in ("sweep", "study")

    @property
    def is_hashed(self) -> bool:
        """Whether its value counts for the key of a run."""
        return self.is_part and self.kind not in ("place", "composed")
