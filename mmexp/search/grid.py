"""Every combination of the values that are typed."""

from __future__ import annotations

from mmexp.config.override import expand
from mmexp.search.base import Search


class GridSearch(Search):
    """Propose every combination of values at once, the last override varying fastest.

    Hydra's grammar: ``seed=0,1``, ``choice(a,b)``, ``range(0,3)``, and ``glob(*)`` over the options of a group.
    """

    _asked = False

    def ask(self) -> list[list[str]]:
        """Return all combinations the first time, none afterwards.

        Raises:
            ConfigError: If an override can't be read, asks for an interval, or stands for nothing.
        """
        if self._asked:
            return []
        self._asked = True
        return expand(self.overrides)
