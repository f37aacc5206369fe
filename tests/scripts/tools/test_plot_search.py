from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from mmexp.run.folder import RunFolder
from mmexp.run.sweep import drafted

SCRIPT = Path(__file__).resolve().parents[3] / "scripts/tools/plot_search.py"


def make_sweep(outputs: Path, trials: Sequence[Sequence[float | None]]) -> str:
    """A sweep of jobs that train 10 steps for each value; None where nothing was validated."""
    with drafted(outputs) as draft:
        draft.set_request({"command": []})
        for number, values in enumerate(trials):
            run, job = RunFolder.create(outputs, "x"), draft.add([f"seed={number}"], {"label": "x"}, "")
            rows = [{"step": 10 * (i + 1), "val/accuracy": value} for i, value in enumerate(values)]
            run.metrics.write_text("".join(json.dumps(row) + "\n" for row in rows))
            job.set_run(run)
        return str(draft.publish().path)


def test_a_search_is_drawn_by_the_steps_of_all_trials(tmp_path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    goal = make_sweep(tmp_path / "a", [[0.5, 0.6], [0.8, 0.7], [0.75]])
    other = make_sweep(tmp_path / "b", [[0.6], [None], [0.5, 0.8], [0.9]])
    drawn: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, **settings: drawn.append(figure))
    words = [str(tmp_path / "plot.png"), f"tpe={other}", "--goal", goal]
    monkeypatch.setattr(sys, "argv", ["plot_search.py", *words])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    assert capsys.readouterr().out.splitlines() == [
        f"{other}: 4 trials, 50 steps, best 0.9000, 0.8000 reached after 40 steps",
        f"{goal}: 3 trials, 50 steps, best 0.8000, 0.8000 reached after 40 steps",
    ]
    assert [list(line.get_xdata()) for line in drawn[0].axes[0].lines] == [[10, 20, 40, 50], [20, 40, 50]]
    assert [text.get_text() for text in drawn[0].axes[0].get_legend().get_texts()] == ["tpe", Path(goal).name]
