from __future__ import annotations

import math
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow

optuna = pytest.importorskip("optuna")
from mmexp.search.optuna import OptunaSearch, open_study  # noqa: E402

WORDS = ["dim=32", "optimizer.lr=tag(log, interval(1e-4, 1))", "fusion=sum,concat"]
pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


def make(folder: Path, workers: int = 1, words: list[str] = WORDS, **options: Any) -> OptunaSearch:
    search = OptunaSearch(overrides=words, **{"trials": 4, **options})
    search.open(folder, workers)
    return search


def run(score: float | None, status: str = "done", mode: str = "max") -> RunRow:
    metrics = {"val/accuracy": score}
    return RunRow(RunFolder(Path("x")), status, metrics=metrics, monitor="val/accuracy", mode=mode)


def states(search: OptunaSearch) -> list[tuple[str, float | None]]:
    return [(trial.state.name, trial.value) for trial in search._opened().trials]


def test_as_many_jobs_are_proposed_as_run_at_once_until_all_trials_are_done(tmp_path: Path):
    search, sizes = make(tmp_path, workers=3), []
    while proposals := search.ask():
        sizes.append(len(proposals))
        for words in proposals:
            assert words[0] == "dim=32" and words[1].startswith("optimizer.lr=") and words[2].startswith("fusion=")
            search.tell(words, run(0.5))
    assert sizes == [3, 1] and states(search) == [("COMPLETE", 0.5)] * 4


def test_a_search_that_was_killed_proposes_what_it_would_have_and_can_be_extended(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
):
    first = make(tmp_path, workers=2)
    words = first.ask()
    first.tell(words[0], run(0.1))
    second = make(tmp_path, workers=2, trials=5)
    assert second.ask() == words
    for one in words:
        second.tell(one, run(0.9))
    assert states(second)[:2] == [("COMPLETE", 0.1), ("COMPLETE", 0.9)]
    new, undisturbed = second.ask(), make(tmp_path_factory.mktemp("other"), workers=2, trials=5)
    for one in (asked := undisturbed.ask()):
        undisturbed.tell(one, run(0.1 if one == words[0] else 0.9))
    assert (asked, undisturbed.ask()) == (words, new)
    assert len(new) == 2 and not [one for one in new if one in words]
    assert len(second.ask()) == 1 and second.ask() == []


def test_what_failed_was_given_up_or_is_to_be_small_is_told_as_such(tmp_path: Path):
    search = make(tmp_path, workers=3)
    words = search.ask()
    for one, found in zip(words, (None, run(None, "stopped"), run(2.0, mode="min")), strict=True):
        search.tell(one, found)
    assert [state for state, _ in states(search)] == ["FAIL", "PRUNED", "COMPLETE"] and states(search)[2][1] == -2.0


def test_a_run_that_falls_behind_is_given_up(tmp_path: Path):
    search = make(tmp_path, trials=8, pruner="median")
    for _ in range(6):
        (words,) = search.ask()
        prune = pickle.loads(pickle.dumps(search.prune(words)))
        assert not any(prune(validation, 0.5 + validation / 10) for validation in (1, 2, 3))
        search.tell(words, run(0.8))
    (words,) = search.ask()
    prune = search.prune(words)
    assert prune is not None and [prune(validation, 0.1) for validation in (1, 2)][-1]
    assert make(tmp_path).prune(words) is None


@pytest.mark.parametrize("sampler", ["tpe", "gp", "random"])
def test_a_sampler_learns_where_the_good_values_lie(tmp_path: Path, sampler: str):
    search, tried = make(tmp_path, trials=16, sampler=sampler, words=WORDS[1:2]), []
    while proposals := search.ask():
        for words in proposals:
            rate = float(words[0].partition("=")[2])
            tried.append(rate)
            search.tell(words, run(-abs(math.log10(rate) + 3)))
    assert len(tried) == 16
    if sampler != "random":
        near = [abs(math.log10(rate) + 3) < 0.5 for rate in tried]
        assert sum(near[8:]) > sum(near[:8])


@pytest.mark.parametrize("pruner", ["median", "hyperband", "asha"])
def test_each_pruner_is_one_of_optuna(tmp_path: Path, pruner: str):
    search = make(tmp_path, pruner=pruner)
    (words,) = search.ask()
    prune = search.prune(words)
    assert prune is not None and prune(1, 0.5) in (True, False)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"trials": 0}, "trials must be at least 1, got 0"),
        ({"sampler": "grid"}, "sampler must be one of tpe, gp, cmaes, random, got 'grid'"),
        ({"pruner": "best"}, "pruner must be one of median, hyperband, asha, got 'best'"),
    ],
)
def test_what_is_not_there_is_refused(options: dict[str, Any], rule: str):
    with pytest.raises(ValueError, match=rule):
        OptunaSearch(overrides=[], **options)


def test_selection_by_test_is_refused_or_marked():
    with pytest.raises(ConfigError, match="metric must be one of val"):
        OptunaSearch(overrides=[], metric="test/accuracy")
    marked = OptunaSearch(overrides=[], metric="test/accuracy", select_on_test=True)
    assert marked.note.startswith("Chosen by test/accuracy")


@pytest.mark.parametrize("package", ["optuna", "cmaes"])
def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, package: str):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=f"package {package} must be installed for search=optuna") as refused:
        OptunaSearch(overrides=[], sampler="cmaes")
    assert refused.value.hint == f"Run: pip install {package}"


def test_it_must_be_opened_first():
    with pytest.raises(ValueError, match="open must come before ask"):
        OptunaSearch(overrides=[]).ask()


def test_the_id_by_which_a_trial_is_found_is_still_there(tmp_path: Path):
    search = make(tmp_path)
    search.ask()
    (trial,) = open_study(tmp_path / "optuna.journal", optuna.pruners.NopPruner()).trials
    assert isinstance(trial._trial_id, int)
