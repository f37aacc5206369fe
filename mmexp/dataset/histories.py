"""What someone took next, after what had been taken before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from mmexp.contract import Sample, Split
from mmexp.dataset.lazy import Lazy
from mmexp.dataset.samples import Samples

Place = tuple[str, int]
"""A user, and the position in what was taken."""
FEWEST = 3
"""Items that a user took of which the last can be held out for test and the last but one for val."""


def leave_last_out(taken: Mapping[str, Sequence[str]]) -> dict[Split, list[Place]]:
    """Give the last item of each user to test, the last but one to val, and those before, but for the first, to train.

    A user of fewer than FEWEST is for training alone.

    Source: Kang and McAuley 2018, https://arxiv.org/abs/1808.09781, section 4.1.
    """
    sides: dict[Split, list[Place]] = {"train": [], "val": [], "test": []}
    for user, items in taken.items():
        held = 2 if len(items) >= FEWEST else 0
        sides["train"] += [(user, place) for place in range(1, len(items) - held)]
        if held:
            sides["val"].append((user, len(items) - 2))
            sides["test"].append((user, len(items) - 1))
    return sides


def target_notes(splits: Mapping[Split, Turns], items: Collection[str]) -> Iterator[str]:
    """Say how many targets that are measured are no candidates: they stand in their own history, or nobody knows them.

    Args:
        splits: By name.
        items: All candidates.
    """
    for name in ("val", "test"):
        turns = splits[name]
        repeats = sum(turns.taken[user][place] in turns.past(user, place) for user, place in turns.places)
        unknown = sum(item not in items for item in turns.targets())
        if repeats:
            rule = f"{repeats} of {len(turns)} targets of {name} are items of their own history"
            yield f"{rule}, and count as never found unless task.repeats=true recommends an item again"
        if unknown:
            rule = f"{unknown} of {len(turns)} targets of {name} are items that training lacks"
            yield f"{rule}, and count as never found; dataset.items=TABLE makes all of its items candidates"


class Turns(Samples):
    """Samples of one split; a history is put together when it is asked for.

    Args:
        places: One for each sample.
        taken: By user, the oldest first.
        content: By modality and item, what it is like. [F]
        users: What users are like, by user; one may be left out.
        length: Items in a history at most, the newest ones.
    """

    def __init__(
        self,
        places: Sequence[Place],
        *,
        taken: Mapping[str, Sequence[str]],
        content: Mapping[str, Mapping[str, np.ndarray]],
        users: Mapping[str, Mapping[str, Any]],
        length: int,
    ) -> None:
        self.places, self.taken, self.content, self.users, self.length = places, taken, content, users, length

    def __len__(self) -> int:
        return len(self.places)

    def sample(self, index: int) -> Sample:
        user, place = self.places[index]
        past = self.past(user, place)
        inputs = Lazy(("items", *self._known(user, past)), partial(self._show, user, past))
        return Sample(f"{user}-{place:04d}", inputs, {"item": self.taken[user][place]})

    def past(self, user: str, place: int) -> list[str]:
        """Return the history of one sample."""
        return list(self.taken[user][max(0, place - self.length) : place])

    def targets(self) -> Iterator[str]:
        """Return the target of each sample."""
        return (self.taken[user][place] for user, place in self.places)

    def _known(self, user: str, past: Sequence[str]) -> Iterator[str]:
        yield from (name for name, rows in self.content.items() if any(item in rows for item in past))
        yield from ("user",) if user in self.users else ()

    def _show(self, user: str, past: Sequence[str], modality: str) -> Any:
        """Content is the newest first, so that a position is an age; what is not known of an item is left out."""
        if modality == "items":
            return past
        if modality == "user":
            return self.users[user]
        rows = self.content[modality]
        return np.stack([rows[item] for item in reversed(past) if item in rows])
