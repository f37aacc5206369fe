from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from mmexp.cli import main
from mmexp.config.compose import compose, load_config, stored
from mmexp.error import ConfigError
from mmexp.launcher.base import Launcher, Report
from mmexp.launcher.local import LocalLauncher
from mmexp.run import summary
from mmexp.run.folder import runs
from mmexp.run.summary import RunRow
from mmexp.runner.jobs import Job
from mmexp.search.base import Search
from mmexp.search.grid import GridSearch
from mmexp.study.sweep import make_launcher, make_search, read_jobs, separate, sweep

LAUNCHER = """
import io
from rich.console import Console
from mmexp.launcher.base import Launcher
from mmexp.runner.run import run_training

class ReversedLauncher(Launcher):
    \"\"\"Runs the last job first, in this process.\"\"\"

    def __init__(self, *, note: str) -> None:
        super().__init__()
        self.note = note

    def launch(self, jobs, report=lambda job: None):
        for job in reversed(jobs):
            job.status = "running"
            report(job)
            job.path = run_training(job.config, job.command, Console(file=io.StringIO())).path
            job.status, job.seconds = "done", 1.0
            report(job)
            with open(self.note, "a") as file:
                print(job.label, file=file)
"""
SEARCH = """
import json
from mmexp.search.base import Search

class ListSearch(Search):
    \"\"\"Given sets of overrides, one after the other; writes down each score.\"\"\"

    def __init__(self, *, overrides, sets: list, note: str) -> None:
        super().__init__(overrides=overrides)
        self.left, self.note = list(sets), note

    def ask(self):
        return [[*self.overrides, *self.left.pop(0)]] if self.left else []

    def tell(self, overrides, run):
        with open(self.note, "a") as file:
            print(json.dumps([overrides[-1], run.metrics[run.monitor]]), file=file)
"""


@pytest.fixture
def lab_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a launcher and a search of the user's own: two classes, two YAMLs, and nothing else."""
    (tmp_path / "my_sweep_parts").mkdir()
    for group, name, source, own in (
        ("launcher", "reversed", LAUNCHER, "note: order.txt"),
        ("search", "list", SEARCH, "note: scores.jsonl\nsets: [[seed=0], [seed=1, fusion=gated]]"),
    ):
        (tmp_path / "my_sweep_parts" / f"{group}.py").write_text(source)
        (tmp_path / "conf" / group).mkdir(parents=True)
        target = f"my_sweep_parts.{group}.{name.title()}{group.title()}"
        (tmp_path / "conf" / group / f"{name}.yaml").write_text(f"# Mine.\n_target_: {target}\n{own}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_launcher_and_a_search_are_added_by_files_alone(lab, lab_of_the_user, capsys):
    words = [*lab.overrides, "training.epochs=1", "plugins=[my_sweep_parts]", "launcher=reversed", "search=list"]
    assert main(["train", "-m", *words]) == 0
    trained = [summary.row(run) for run in runs(lab.overrides[-1].removeprefix("outputs="))]
    assert sorted((row.config["fusion"], row.config["seed"]) for row in trained) == [("concat", 0), ("gated", 1)]
    scores = [json.loads(line) for line in (lab_of_the_user / "scores.jsonl").read_text().splitlines()]
    assert {tuple(one) for one in scores} == {
        ("fusion=gated" if row.config["seed"] else "seed=0", row.metrics["val/accuracy"]) for row in trained
    }
    assert capsys.readouterr().out.count("1 jobs, 1 at a time") == 2
    for row in trained:
        assert "launcher" not in row.config and "search" not in row.config
        assert "my_sweep_parts.launcher" not in row.folder.config.read_text()


def test_a_launcher_of_the_user_runs_a_grid_in_its_own_order(lab, lab_of_the_user):
    words = [*lab.overrides, "training.epochs=1", "seed=0,1", "plugins=[my_sweep_parts]", "launcher=reversed"]
    assert main(["train", "-m", *words]) == 0
    assert (lab_of_the_user / "order.txt").read_text() == "seed=1\nseed=0\n"


def test_an_option_that_a_launcher_does_not_take_is_refused(lab_of_the_user, capsys):
    words = ["plugins=[my_sweep_parts]", "launcher=reversed", "seed=0,1"]
    assert main(["train", "-m", *words, "--workers", "2"]) == 2
    assert "launcher.workers must be an argument of ReversedLauncher" in capsys.readouterr().err


class InOrder(Launcher):
    """Ends each job as its label says."""

    def launch(self, jobs: Sequence[Job], report: Report = lambda job: None) -> None:
        for job in jobs:
            job.status = "failed" if "seed=1" in job.label else "done"


class Rounds(Search):
    """Asks for one seed at a time."""

    def __init__(self, *, overrides: Sequence[str]) -> None:
        super().__init__(overrides=overrides)
        self.told: list[tuple[list[str], RunRow | None]] = []

    def ask(self) -> list[list[str]]:
        return [[f"seed={len(self.told)}"]] if len(self.told) < 3 else []

    def tell(self, overrides: Sequence[str], run: RunRow | None) -> None:
        self.told.append((list(overrides), run))


def read(proposals: list[list[str]]) -> list[Job]:
    return read_jobs(proposals, ["mmexp", "train"], compose)


def test_a_search_that_goes_by_rounds_is_told_of_each_job_even_if_it_failed():
    search = Rounds(overrides=())
    jobs = sweep(search, InOrder(), read)
    assert [(job.label, job.status) for job in jobs] == [("seed=0", "done"), ("seed=1", "failed"), ("seed=2", "done")]
    assert search.told == [(["seed=0"], None), (["seed=1"], None), (["seed=2"], None)]


def test_with_fail_fast_no_further_round_is_asked_for():
    jobs = sweep(Rounds(overrides=()), InOrder(fail_fast=True), read)
    assert [job.status for job in jobs] == ["done", "failed"]


def test_every_combination_is_a_job_named_by_what_sets_it_apart():
    jobs = read(GridSearch(overrides=["fusion=concat,gated", "seed=0,1", "dim=32"]).ask())
    assert [job.label for job in jobs] == [f"fusion={f} seed={s}" for f in ("concat", "gated") for s in (0, 1)]
    assert all(job.command[:2] == ["mmexp", "train"] and "dim=32" in job.command for job in jobs)


def test_the_problems_of_all_jobs_are_raised_before_any_is_started():
    with pytest.raises(ConfigError, match="'gatd'") as refused:
        read(GridSearch(overrides=["fusion=concat,gatd", "task=captoning,retrieval"]).ask())
    assert any("'captoning'" in line for line in refused.value.problems)


def test_overrides_of_launcher_and_search_are_separated_from_those_of_the_runs():
    words = ["seed=0,1", "launcher=local", "+launcher.workers=2", "search=grid", "launchers", "plugins=[x]"]
    assert separate(words) == (
        ["seed=0,1", "launchers", "plugins=[x]"],
        ["launcher=local", "+launcher.workers=2", "search=grid"],
    )
    assert separate(words, ["plugins"])[1] == ["plugins=[x]"]


def test_the_defaults_are_a_grid_on_this_machine():
    launcher, search = make_launcher(["seed=0,1", "launcher.workers=3"]), make_search([], ["seed=0,1"])
    assert isinstance(launcher, LocalLauncher) and launcher.workers == 3
    assert isinstance(search, GridSearch) and search.ask() == [["seed=0"], ["seed=1"]]


@pytest.mark.parametrize(("make", "name"), [(make_launcher, "launcher"), (lambda w: make_search(w, []), "search")])
def test_a_sweep_needs_both(make, name):
    with pytest.raises(ConfigError, match=f"{name} must be a component, got null") as refused:
        make([f"{name}=null"])
    assert refused.value.hint == f"Run: mmexp list {name}"


def test_what_runs_a_sweep_is_no_part_of_a_run(tmp_path):
    plain, typed = compose([]), compose(["launcher.workers=2", "search=grid"])
    assert plain.key == typed.key and plain.settings == typed.settings
    assert "launcher" not in stored(typed) and "search" not in stored(typed)
    (tmp_path / "config.yaml").write_text(stored(typed))
    assert load_config(tmp_path).key == plain.key
