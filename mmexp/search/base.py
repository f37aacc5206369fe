"""Which jobs a sweep has: a search proposes overrides, and learns from the runs that they gave."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path

from mmexp.run.summary import RunRow

Prune = Callable[[int, float], bool]
"""Whether to give a run up: takes the number of its validation, and its score there, of which more is better."""


class Search(ABC):
    """Propose the jobs of a sweep: ``ask`` for the next ones, run them, ``tell`` how each came out, ask again.

    A sweep that is resumed asks anew from its beginning; what is proposed again is not trained again.

    Args:
        overrides: As typed, with several values where they are searched over.

    Attributes:
        note: What a reader of its results must know; empty if there is nothing.
        asked: What the jobs are that it asked for last; empty if their labels say it.

    Example:
        >>> from mmexp import Search
        >>> class TwoRounds(Search):  # one job with seed=0, then one with seed=1
        ...     seeds = [0, 1]
        ...     def ask(self):
        ...         return [[*self.overrides, f"seed={self.seeds.pop(0)}"]] if self.seeds else []
        >>> search = TwoRounds(overrides=["fusion=gated"])
        >>> search.ask(), search.ask(), search.ask()
        ([['fusion=gated', 'seed=0']], [['fusion=gated', 'seed=1']], [])
    """

    note = ""
    asked = ""

    def __init__(self, *, overrides: Sequence[str]) -> None:
        self.overrides = list(overrides)

    def open(self, folder: Path, workers: int) -> None:  # noqa: B027
        """Prepare to propose; one that decides beforehand needs nothing.

        Args:
            folder: Of the sweep, for what the search has to remember.
            workers: Jobs that run at once.
        """

    @property
    def learns(self) -> bool:
        """Whether what it proposes depends on how earlier jobs came out."""
        return type(self).tell is not Search.tell

    @abstractmethod
    def ask(self) -> list[list[str]]:
        """Return the overrides of each of the next jobs, which may run at the same time; none when it is over."""

    def tell(self, overrides: Sequence[str], run: RunRow | None) -> None:  # noqa: B027
        """Learn from a job that has ended; a search that decides beforehand has nothing to learn.

        Args:
            overrides: One entry of what ``ask`` returned.
            run: Its run, which is done, or was given up by ``prune``; ``run.metrics[run.monitor]`` is its score.
                None if the job failed.
        """

    def prune(self, overrides: Sequence[str]) -> Prune | None:
        """Return what decides during a job whether to give it up; it is pickled. None to let it train to its end."""
        return None
