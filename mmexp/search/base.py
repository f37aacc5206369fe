"""Which jobs a sweep has: a search proposes overrides, and learns from the runs that they gave."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from mmexp.run.summary import RunRow


class Search(ABC):
    """Propose the jobs of a sweep: ``ask`` for the next ones, run them, ``tell`` how each came out, ask again.

    Args:
        overrides: As typed, with several values where they are searched over.

    Example:
        >>> from mmexp import Search
        >>> class SeedSearch(Search):  # seeds 0, 1, 2, ... until one fails
        ...     seed, failed = -1, False
        ...     def ask(self):
        ...         self.seed += 1
        ...         return [] if self.failed else [[*self.overrides, f"seed={self.seed}"]]
        ...     def tell(self, overrides, run):
        ...         self.failed = run is None
        >>> search = SeedSearch(overrides=["fusion=gated"])
        >>> search.ask(), search.ask()
        ([['fusion=gated', 'seed=0']], [['fusion=gated', 'seed=1']])
        >>> search.tell(["fusion=gated", "seed=1"], None)
        >>> search.ask()
        []
    """

    def __init__(self, *, overrides: Sequence[str]) -> None:
        self.overrides = list(overrides)

    @abstractmethod
    def ask(self) -> list[list[str]]:
        """Return the overrides of each of the next jobs, which may run at the same time; none when it is over."""

    def tell(self, overrides: Sequence[str], run: RunRow | None) -> None:  # noqa: B027
        """Learn from a job that has ended; a search that decides beforehand has nothing to learn.

        Args:
            overrides: One entry of what ``ask`` returned.
            run: Its run, which is done; ``run.metrics[run.monitor]`` is its score. None if the job failed.
        """
