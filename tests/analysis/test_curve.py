from __future__ import annotations

import json

import pytest

from mmexp.analysis.compare import compare
from mmexp.analysis.curve import curves, mean_curves, thinned


def log(run, *rows):
    run.folder.path.mkdir(parents=True, exist_ok=True)
    run.folder.metrics.write_text("".join(f"{json.dumps({'step': i, **row})}\n" for i, row in enumerate(rows)))
    return run


def test_a_curve_is_what_was_logged_by_epoch_without_what_is_undefined(make_row):
    run = log(make_row(0.5), {"epoch": 1, "val/loss": 2, "time": 3}, {"epoch": 2, "val/loss": None, "train/lr": 0.1})
    assert curves(run.folder) == {"val/loss": [(1.0, 2.0)], "train/lr": [(2.0, 0.1)]}


def test_no_file_is_no_curve(make_row):
    assert curves(make_row(0.5).folder) == {}


def test_the_mean_is_over_the_epochs_that_all_runs_have(make_row):
    first = log(make_row(0.5), {"epoch": 1, "val/loss": 2.0}, {"epoch": 2, "val/loss": 1.0})
    second = log(make_row(0.5, 1), {"epoch": 1, "val/loss": 4.0, "val/f1": 0.5})
    [group] = compare([first, second])[0].groups
    assert mean_curves(group) == {"val/loss": [(1.0, 3.0)], "val/f1": [(1.0, 0.5)]}


def test_many_points_become_means_of_neighbours():
    points = [(float(i), float(i % 2)) for i in range(1000)]
    found = thinned(points, most=100)
    assert len(found) == 100 and {value for _, value in found} == {0.5}
    assert found[0][0] == pytest.approx(4.5) and thinned(points[:5]) == points[:5]
