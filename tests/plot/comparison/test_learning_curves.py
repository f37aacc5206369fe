from __future__ import annotations

from mmexp.plot.comparison.learning_curves import draw


def test_each_metric_has_a_panel_with_a_curve_per_way(make_comparisons, written):
    figure = draw(make_comparisons("a"))["learning_curves"]
    monitored, loss = figure.axes
    assert [axes.get_ylabel() for axes in figure.axes] == ["val/f1", "train/loss"]
    assert len(monitored.lines) == len(loss.lines) == 4
    assert (monitored.get_yscale(), loss.get_yscale()) == ("linear", "log")
    assert "a$b_{c}$<x>" in written(figure)


def test_what_was_not_logged_is_not_drawn(make_comparisons):
    found = make_comparisons("a")
    for way in found[0].ways:
        for run in way.group.runs:
            run.folder.metrics.unlink()
    assert draw(found) == {}
