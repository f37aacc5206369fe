from __future__ import annotations

from matplotlib.figure import Figure

from mmexp.plot.comparison.style import BASELINE, COLOURS, colour, label_rows, named, plain


def test_the_best_fusions_have_colours_of_their_own_and_baselines_are_black(make_comparisons):
    [found] = make_comparisons("a")
    assert [colour(way, found) for way in found.ways] == [*COLOURS[:3], BASELINE]


def test_figures_of_several_rankings_are_numbered(make_comparisons):
    assert named(make_comparisons("a"), "cost", 0) == "cost" and named(make_comparisons("ab"), "cost", 1) == "cost-2"


def test_names_are_no_mathematics(written):
    figure = Figure()
    axes = figure.subplots()
    label_rows(axes, ["$frac$", "x\x1b[31m"])
    axes.set_title(plain("$bad_{$"))
    text = written(figure)
    assert "$frac$" in text and "$bad_{$" in text and r"x\x1b[31m" in text
