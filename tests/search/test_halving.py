from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow
from mmexp.run.sweep import SweepFolder
from mmexp.search.halving import HalvingSearch

WORDS = ["dim=16", "fusion=sum,concat,gated,film,attention"]
SECONDS = 10.0

Score = Callable[[Sequence[str]], float | None]


def value(words: Sequence[str], key: str) -> str:
    return next((word.partition("=")[2] for word in reversed(words) if word.startswith(f"{key}=")), "")


def cost(words: Sequence[str]) -> float:
    """One second, and the rest by the epochs."""
    return 1 + (SECONDS - 1) * int(value(words, "training.epochs") or 8) / 8


class Arena:
    """Made-up results of the jobs of a sweep: how long each took is on disk, as its launcher would have left it."""

    def __init__(self, path: Path) -> None:
        self.folder = SweepFolder(path / "outputs" / "sweep-1")
        (self.folder.path / "jobs").mkdir(parents=True)
        self.folder.set_request({"searched": [WORDS]})
        self.run = RunFolder(path / "run")
        self.run.path.mkdir()
        self.run.summary.write_text(json.dumps({"anchor": None, "seconds": {"encode": 100.0}}))
        self.run.start.write_text(json.dumps({"config": {"training": {"epochs": 8}}}))
        self.done: list[list[str]] = []

    def search(self, budget: float, workers: int = 1, **options: int) -> HalvingSearch:
        search = HalvingSearch(overrides=WORDS, budget=budget, **options)
        search.open(self.folder.path, workers)
        return search

    def play(self, search: HalvingSearch, score: Score, rounds: int = 99) -> list[list[list[str]]]:
        """Let a search ask until it is over, and report what each job gave; a job that is there is not done again."""
        played = []
        while len(played) < rounds and (proposals := search.ask()):
            played.append(proposals)
            for words in proposals:
                if self.folder.job(words) is None:
                    once = 100.0 if not self.done else 0.0  # features are encoded by the first job
                    self.done.append(words)
                    self.folder.add(words, {}, "")
                    self.folder.job(words).close(1, "done", "", cost(words) + once)
                search.tell(words, self.row(words, score(words)))
        return played

    def row(self, words: Sequence[str], score: float | None) -> RunRow | None:
        if score is None:
            return None
        folder = self.run if words == self.done[0] else RunFolder(self.run.path.parent / "later")
        folder.path.mkdir(exist_ok=True)
        folder.summary.write_text(folder.summary.read_text() if folder.summary.exists() else "{}")
        config = {"inputs": ["image", "text"] if value(words, "fusion") != "none" else ["image"]}
        known = {"monitor": "val/accuracy", "alone": ("image", "text"), "seconds": cost(words) - 1}
        return RunRow(folder, "done", config=config, metrics={"val/accuracy": score}, **known)


@pytest.fixture
def arena(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Arena:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    return Arena(tmp_path)


def by_fusion(words: Sequence[str]) -> float:
    order = ["none", "attention", "concat", "sum", "gated", "film"]
    return order.index(value(words, "fusion")) / 10


def test_short_trials_of_all_longer_ones_of_the_better_half_then_new_seeds_of_the_finalists(arena: Arena):
    search = arena.search(budget=700, finalists=2, trials=2)
    rounds = arena.play(search, by_fusion)
    assert search.asked.startswith("10 new seed(s) of film, gated and 2 input(s) alone")
    ways = [[value(words, "fusion") + value(words, "inputs") for words in asked] for asked in rounds]
    alone = ["none[image]", "none[text]"]
    assert ways[0] == ["sum"]
    assert ways[1] == ["sum", "concat", "gated", "film", "attention", *alone]
    assert {value(words, "training.epochs") for words in rounds[1]} == {"4"}
    assert {value(words, "training.validate_every") for words in rounds[1]} == {"4"}
    later = [one for one in ways[2:] if "attention" not in one]
    assert set(later[0]) == {"film", "gated", "sum", *alone} and set(later[1]) == {"film", "gated", *alone}
    finals = [words for asked in rounds for words in asked if value(words, "tuned")]
    assert {value(words, "tuned") for words in finals} == {"4"} and not value(finals[0], "training.epochs")
    seeds = [value(words, "seed") for words in finals if value(words, "fusion") == "film"]
    assert seeds == [str(i) for i in range(1, 11)] + ["1", "1"]
    assert [value(words, "control") for words in finals if value(words, "control")] == ["blank", "shuffled"]


def test_each_finalist_and_each_input_alone_has_as_many_trials_of_the_same_values(arena: Arena):
    arena.play(arena.search(budget=900, finalists=2, trials=3), by_fusion)
    trials = [words for words in arena.done[1:] if not value(words, "tuned")]
    rates = [
        [value(words, "optimizer.lr") for words in trials if (value(words, "fusion"), value(words, "inputs")) == way]
        for way in (("film", ""), ("gated", ""), ("none", "[image]"), ("none", "[text]"))
    ]
    assert len({len(one) for one in rates}) == 1 and len({frozenset(one) for one in rates}) == 1


def test_the_best_settings_of_a_rung_are_trained_longer_and_retrained(arena: Arena):
    favourite: dict[str, str] = {}

    def score(words: Sequence[str]) -> float:
        rate = value(words, "optimizer.lr")
        if rate and value(words, "fusion") == "film":
            favourite.setdefault("film", rate)
        return by_fusion(words) + (0.05 if rate and rate == favourite.get("film") else 0)

    rounds = arena.play(arena.search(budget=1500, finalists=2, trials=4), score)
    (finals,) = [asked for asked in rounds if any(value(words, "tuned") for words in asked)][:1]
    assert {value(words, "optimizer.lr") for words in finals if value(words, "fusion") == "film"} == {favourite["film"]}


def test_what_is_encoded_once_makes_no_way_expensive_but_its_time_is_spent(arena: Arena):
    search = arena.search(budget=700, finalists=2, trials=1)
    arena.play(search, by_fusion, rounds=2)
    assert search.plan.used == pytest.approx(sum(map(cost, arena.done)) + 100)
    assert search.plan.costs.of("sum") == pytest.approx(SECONDS)


@pytest.mark.parametrize("stopped", [1, 3])
def test_a_search_that_was_stopped_goes_on_as_was_decided(arena: Arena, tmp_path: Path, stopped: int):
    (tmp_path / "other").mkdir()
    other = Arena(tmp_path / "other")
    whole = other.play(other.search(budget=800, finalists=2, trials=2), by_fusion)
    half = arena.play(arena.search(budget=800, finalists=2, trials=2), by_fusion, rounds=stopped)
    before = len(arena.done)
    again = arena.search(budget=800, finalists=2, trials=2)
    assert arena.play(again, by_fusion) == whole and whole[:stopped] == half
    assert arena.done == other.done and before < len(arena.done)


def test_other_workers_change_nothing_of_what_was_decided(arena: Arena):
    first = arena.play(arena.search(budget=500, workers=2, finalists=2, trials=2), by_fusion)
    again = arena.search(budget=500, workers=1, finalists=2, trials=2)
    assert arena.play(again, by_fusion)[: len(first)] == first
    assert again.plan.used == pytest.approx((sum(map(cost, arena.done)) + 100) / 2)


def test_no_more_than_the_budget_is_spent_and_little_is_left(arena: Arena):
    search = arena.search(budget=900, seeds=99)
    arena.play(search, by_fusion)
    assert 900 - 6 * SECONDS < search.plan.used <= 900


def test_a_search_with_a_larger_budget_adds_seeds(arena: Arena):
    arena.play(arena.search(budget=700, finalists=2, trials=2, seeds=4), by_fusion)
    before = len(arena.done)
    rounds = arena.play(arena.search(budget=900, finalists=2, trials=2, seeds=6), by_fusion)
    added = arena.done[before:]
    assert rounds[-1] == added and sorted(value(words, "seed") for words in added) == ["5"] * 4 + ["6"] * 4


def test_a_budget_that_is_too_small_is_refused_once_the_first_job_shows_what_one_costs(arena: Arena):
    search = arena.search(budget=200)
    match = r"budget must be at least (\d+) s for a trial of each of 5 fusions and 2 inputs alone, .*got 200 s"
    with pytest.raises(ConfigError, match=match) as refused:
        arena.play(search, by_fusion)
    assert len(arena.done) == 1
    assert "sweep extend" in refused.value.hint and f"search.budget={search.plan.least}" in refused.value.hint
    enough = arena.search(budget=search.plan.least)
    arena.play(enough, by_fusion)
    finals = [words for words in arena.done if value(words, "tuned") and not value(words, "control")]
    assert len({value(words, "seed") for words in finals}) >= 3 and enough.plan.used <= enough.plan.budget


def test_a_way_that_fails_is_left_out(arena: Arena):
    def score(words: Sequence[str]) -> float | None:
        return None if value(words, "fusion") in ("sum", "film") else by_fusion(words)

    rounds = arena.play(arena.search(budget=800, finalists=2, trials=1), score)
    assert [value(asked[0], "fusion") for asked in rounds[:2]] == ["sum", "concat"]
    finals = {value(words, "fusion") for words in arena.done if value(words, "tuned")}
    assert finals == {"gated", "concat", "none"}


def test_a_search_of_which_all_jobs_fail_is_over(arena: Arena):
    assert [len(asked) for asked in arena.play(arena.search(budget=800), lambda words: None)] == [1] * 5


def test_what_is_typed_is_not_written(arena: Arena):
    arena.play(arena.search(budget=800), by_fusion, rounds=2)
    assert not any("dim=16" in path.read_text() for path in arena.folder.path.glob("round-*.json"))


@pytest.mark.parametrize("name", ["trials", "finalists", "seeds"])
def test_none_of_a_kind_is_refused(name: str):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        HalvingSearch(overrides=[], **{name: 0})


def test_no_budget_is_refused():
    with pytest.raises(ValueError, match="budget must be above 0 s, got 0"):
        HalvingSearch(overrides=[], budget=0)


def test_selection_by_test_is_refused():
    with pytest.raises(ConfigError, match="metric must be one of val"):
        HalvingSearch(overrides=[], metric="test/accuracy")
