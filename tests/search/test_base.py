from __future__ import annotations

from mmexp.search.base import Search


class Three(Search):
    """Three jobs, one after the other."""

    def __init__(self, *, overrides: list[str]) -> None:
        super().__init__(overrides=overrides)
        self.scores: list[float] = []

    def ask(self) -> list[list[str]]:
        return [] if len(self.scores) > 2 else [[*self.overrides, f"optimizer.lr={len(self.scores)}"]]

    def tell(self, overrides, run) -> None:
        self.scores.append(-1.0 if run is None else run.metrics[run.monitor])


def test_a_search_is_asked_and_told_in_turns():
    search = Three(overrides=["seed=1"])
    while words := search.ask():
        search.tell(words[0], None)
    assert search.scores == [-1.0] * 3


class Once(Search):
    def ask(self) -> list[list[str]]:
        return [self.overrides]


def test_a_search_need_not_learn():
    search = Once(overrides=("seed=1",))
    search.tell(["seed=1"], None)
    assert search.ask() == [["seed=1"]]
