"""Samples by number, each made when it is asked for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import overload

from mmexp.contract import Sample


class Samples(Sequence[Sample]):
    """One split; a slice is a list.

    Raises:
        IndexError: If a number is outside of it; none is counted from the end.
    """

    @abstractmethod
    def sample(self, index: int) -> Sample:
        """The sample of a number from 0."""

    @overload
    def __getitem__(self, index: int) -> Sample: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Sample]: ...

    def __getitem__(self, index: int | slice) -> Sample | Sequence[Sample]:
        if isinstance(index, slice):
            return [self.sample(i) for i in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(f"{type(self).__name__}: index must be in [0, {len(self)}), got {index}.")
        return self.sample(index)
