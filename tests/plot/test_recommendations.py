from __future__ import annotations

from mmexp.plot.recommendations import LINES, by_popularity, recommendations


def row(target: str, rank: int, popular: int) -> dict[str, object]:
    return {"items": ["cube", "ball"], "target": target, "rank": rank, "popularity_rank": popular}


def test_each_history_stands_over_its_list_with_the_right_one_in_green():
    figure = recommendations([row("ball", 2, 9), row("$ring$", 7, 1)], [["a", "b"], [str(i) for i in range(30)]])
    first, second = ([(text.get_text(), text.get_color()) for text in axes.texts] for axes in figure.axes)
    assert ("ball", "tab:green") in first and ("cube", "black") in first and ("next item (rank 2)", "black") in first
    assert [text for text, _ in second if text.isdigit()] == [str(i) for i in range(30 - LINES, 30)]
    figure.canvas.draw()


def test_recall_is_shown_from_rare_to_common_targets():
    rows = [row(str(i), 1 if i % 2 else 5, 5 if i < 10 else 1) for i in range(20)]
    figure = by_popularity(rows, {str(i): i for i in range(20)})
    (axes,) = figure.axes
    own, popular = ([bar.get_height() for bar in bars] for bars in axes.containers)
    assert own == [0.5] * 10 and popular == [0.0] * 5 + [1.0] * 5
    assert axes.get_xticklabels()[0].get_text() == "0-1"


def test_few_samples_make_few_bars():
    figure = by_popularity([row("a", 1, 1)], {})
    assert len(figure.axes[0].containers[0]) == 1
