from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.cli._benchmark import retrained, show_benchmark
from mmexp.run.sweep import SweepFolder

NOISE = (0.02, -0.1, 0.11)


@pytest.fixture
def sweep(make_run, monkeypatch: pytest.MonkeyPatch):
    """A sweep of finished runs by the score of each of their seeds; those of the first trial are not compared."""

    def make(**ways: tuple[float, ...]) -> SweepFolder:
        folder = SweepFolder(Path("outputs/sweep-1").absolute())
        (folder.path / "jobs").mkdir(parents=True)
        folder.set_request({"searched": [[]], "chosen": ["search=halving", "search.budget=60"]})
        for name, scores in {"trial": (0.5,), **ways}.items():
            alone = {"inputs": [name], "fusion": "none"} if name in ("image", "text") else {"fusion": name}
            for seed, score in enumerate(scores):
                tuned = {} if name == "trial" else {"tuned": 4}
                run = make_run(score, seed=seed, **{"inputs": ["image", "text"], **alone, **tuned})
                job = folder.add([name, str(seed)], {"command": ["mmexp", "train", name, f"seed={seed}"]}, "")
                job.set_run(run)
                job.close(1, "done", "", 30.0)
        return folder

    return make


def test_the_winner_is_named_with_its_command_and_the_trials_are_no_rows(sweep, capsys):
    folder = sweep(gated=(0.9, 0.91, 0.92), film=(0.89, 0.91, 0.92), image=(0.6, 0.62, 0.61), text=(0.4, 0.4, 0.5))
    assert show_benchmark(folder, workers=2, strict=True) == 0
    shown = capsys.readouterr().out
    assert "winner   gated: the best of those that beat their baselines by val/accuracy, 0.910" in shown
    assert "         mmexp train gated seed=0\nnext     mmexp compare sweep-1" in shown
    assert "trial" not in shown and "the data does not decide" not in shown
    assert "cost     6 min of jobs, 13 in all, 12 of them with new seeds" in shown and len(retrained(folder)) == 12


def test_where_the_data_does_not_decide_it_says_how_many_seeds_and_how_long_it_would_take(sweep, capsys):
    image = (0.5, 0.5, 0.5)
    folder = sweep(gated=tuple(0.52 + noise for noise in NOISE), image=image, text=(0.4, 0.4, 0.4))
    assert show_benchmark(folder, workers=1, strict=True) == 3
    shown = capsys.readouterr().out
    assert "open     the data does not decide yet; " in shown and "winner   image alone: the best single input" in shown
    assert "mmexp sweep extend sweep-1 search.seeds=" in shown


def test_without_a_retrained_run_there_is_no_verdict(sweep, capsys):
    assert show_benchmark(sweep(), workers=1) == 1
    assert capsys.readouterr().out.startswith("There is no verdict")
