from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmexp.cli import main
from mmexp.cli import watch as verb
from mmexp.run.folder import RunFolder
from mmexp.run.job import JobFolder
from mmexp.run.lock import Lock
from mmexp.run.sweep import SweepFolder, drafted

GONE = 2**22 + 1  # a process that there cannot be


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def sweep() -> SweepFolder:
    """A sweep of three jobs: one is done, one has a run that was killed, one waits."""
    with drafted("outputs") as draft:
        for seed in range(3):
            draft.add([f"seed={seed}"], {"label": f"seed={seed}"}, "")
        draft.set_request({"searched": [["seed=0,1,2"]], "chosen": [], "command": ["mmexp", "train", "-m"], "cwd": "."})
        made = draft.publish()
    made.jobs[0].close(GONE, "done", "", 61.0)
    made.jobs[1].close(GONE, "killed", "Its process is gone.", 2.0)
    made.jobs[1].set_run(begun("outputs/a"))
    return made


def begun(parent: str) -> RunFolder:
    """A run that has logged two rows."""
    folder = RunFolder(Path(parent).absolute() / "20260102-030405-0a1b")
    folder.path.mkdir(parents=True)
    folder.start.write_text(json.dumps({"config": {"training": {"epochs": 8}}}))
    known = {"status": "running", "monitor": "val/accuracy", "config": {}, "seed": 0}
    folder.manifest.write_text(json.dumps(known))
    rows = [{"step": step, "epoch": step / 10, "time": step / 5, "val/accuracy": 0.5} for step in (10, 20)]
    folder.metrics.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return folder


@pytest.mark.parametrize("words", [["last"], ["outputs"], [], ["last", "--outputs", "outputs"]])
def test_once_prints_each_job_with_its_state_and_what_to_type_next(sweep: SweepFolder, capsys, words: list[str]):
    assert main(["watch", "--once", *words]) == 0
    shown = capsys.readouterr().out
    lines = [line.split() for line in shown.splitlines() if line.strip().startswith("seed=")]
    assert [line[:2] for line in lines] == [["seed=0", "done"], ["seed=1", "killed"], ["seed=2", "waiting"]]
    assert lines[1][2:5] == ["2/8", "val/accuracy", "0.500"]
    assert f"next     mmexp sweep resume {sweep.id}" in shown


def test_looking_changes_no_file(sweep: SweepFolder):
    def files() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in Path("outputs").rglob("*")}

    before = files()
    assert main(["watch", "--once"]) == 0
    assert files() == before


def test_a_folder_without_a_sweep_shows_the_runs_that_train(capsys):
    folder = begun("outputs/a")
    begun("outputs/b")
    with Lock(folder):
        assert main(["watch", "outputs", "--once"]) == 0
    shown = capsys.readouterr().out
    assert f"a/{folder.id}" in shown and "12 s left" in shown and "b/" not in shown
    assert main(["watch", "outputs", "--once"]) == 0
    assert capsys.readouterr().out == "outputs: no run trains\n"


def test_a_folder_shows_its_running_sweep_and_the_runs_next_to_it(sweep: SweepFolder, capsys):
    with sweep.join(), Lock(begun("outputs/b")):
        assert main(["watch", "--once"]) == 0
    shown = capsys.readouterr().out
    assert "seed=2" in shown and "b/20260102" in shown and "next" not in shown


def test_in_a_pipe_there_is_a_line_per_change_until_nobody_works_on_it(sweep: SweepFolder, capsys, monkeypatch):
    held = sweep.join()

    def pass_time(seconds: float) -> None:
        if sweep.jobs[1].state().status == "killed":
            return sweep.jobs[1].close(GONE, "done", "", 1.0)
        sweep.jobs[2].close(GONE, "failed", "no such file", 1.0)
        sweep.set_over(True)
        held.__exit__()

    monkeypatch.setattr(verb.time, "sleep", pass_time)
    assert main(["watch", sweep.id]) == 0
    *lines, last, hint = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["seed=0", "done"],
        ["seed=1", "killed"],
        ["seed=2", "waiting"],
        ["seed=1", "done"],
        ["seed=2", "failed"],
    ]
    assert last == f"{sweep.id}: 2 done, 1 failed" and hint == f"next     mmexp compare {sweep.id}"


def test_a_job_that_waits_in_a_queue_is_watched_on(sweep: SweepFolder, capsys, monkeypatch):
    sweep.jobs[2].set_queue("Slurm 7_0")

    def leave(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(verb.time, "sleep", leave)
    assert main(["watch", sweep.id]) == 130
    assert "seed=2  waiting  queued as Slurm 7_0" in capsys.readouterr().out


def test_a_sweep_that_is_removed_meanwhile_is_named(sweep: SweepFolder, capsys, monkeypatch):
    def gone(folder: SweepFolder) -> list[JobFolder]:
        raise FileNotFoundError(folder.path)

    monkeypatch.setattr(SweepFolder, "jobs", property(gone))
    assert main(["watch", "--once", sweep.id]) == 2
    assert f"{sweep.id} must still be there, got none" in capsys.readouterr().err.replace("\n", " ")


def test_on_a_terminal_the_board_is_drawn_in_place(sweep: SweepFolder, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["watch", sweep.id]) == 0
    shown = capsys.readouterr().out
    assert "\x1b[?25l" in shown and "1 done, 1 killed, 1 waiting" in shown and "sweep resume" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "id must name one sweep in outputs, got 'nothing' for 0"),
        (["empty"], "folder must hold runs, got none in empty"),
        (["--every", "0"], "--every must be above 0 s, got 0"),
    ],
)
def test_a_word_that_does_not_fit_is_refused(capsys, words: list[str], said: str):
    Path("empty").mkdir()
    assert main(["watch", *words]) == 2
    assert said in capsys.readouterr().err.replace("\n", " ")
