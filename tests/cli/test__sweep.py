from __future__ import annotations

from mmexp.cli._sweep import run_baselines, run_jobs
from mmexp.config.compose import compose
from mmexp.launcher.local import LocalLauncher
from mmexp.runner.jobs import Job


def test_jobs_are_shown_as_they_end_and_in_a_table(lab, in_process, capsys):
    words = [*lab.overrides, "training.epochs=1"]
    jobs = [Job(f"seed={seed}", compose([*words, f"seed={seed}"]), words) for seed in (0, 1)]
    assert run_jobs(LocalLauncher(workers=2), jobs) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("2 jobs, 2 at a time\n[1/2]  seed=0  done  val/accuracy ")
    assert all(job.folder and job.folder.id in shown for job in jobs)


def test_baselines_of_several_runs_are_trained_once(lab, in_process, capsys):
    folders = [lab.train("training.epochs=1", f"fusion={fusion}") for fusion in ("concat", "gated")]
    failed, found = run_baselines(folders, LocalLauncher())
    assert (failed, len(in_process), len(found)) == (0, 4, 4)
    assert {row.folder.name for row in found} == {folders[0].name}
    assert run_baselines(folders, LocalLauncher())[0] == 0 and len(in_process) == 4


def test_a_baseline_that_fails_gives_the_exit_code(lab, monkeypatch):
    def launch(self, jobs, report):
        jobs[0].status = "failed"

    monkeypatch.setattr(LocalLauncher, "launch", launch)
    assert run_baselines([lab.train("training.epochs=1")], LocalLauncher()) == (1, [])
