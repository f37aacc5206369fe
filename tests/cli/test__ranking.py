from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from mmexp.analysis.compare import compare
from mmexp.analysis.difference import Difference
from mmexp.analysis.table import tabulate
from mmexp.analysis.verdict import Verdict
from mmexp.cli._ranking import differing, show_table
from mmexp.run import summary
from mmexp.run.folder import RunFolder
from mmexp.run.summary import row

BOTH = ["image", "audio", "text"]

RUN = RunFolder(Path("outputs/x/1"))


@pytest.fixture
def show(make_run, capsys, monkeypatch):
    """Print a ranking of one fusion and one single at a width, and return the lines of both."""

    def shown(verdict: Verdict | None, width: int = 120) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(width))
        runs = [make_run(0.9, inputs=BOTH), make_run(0.8, inputs=["image"], fusion="none")]
        (ranking,) = compare([row(folder) for folder in runs])
        show_table(tabulate(ranking, [verdict, None]))
        return capsys.readouterr().out.splitlines()

    return shown


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict("better", (RUN,), "image", Difference(0.012, 0.003, 0.021)), "+0.012 [0.003, 0.021] over image"),
        (Verdict("better", (RUN,), "image", Difference(0.012)), "+0.012 [?] over image"),
        (Verdict("no_better", (RUN,), "image", Difference(0.004, -0.01, 0.018)), "= image: +0.004 [-0.010, 0.018]"),
        (Verdict("no_better", (RUN,), "image", Difference(-0.1, -0.2, -0.05)), "< image: -0.100 [-0.200, -0.050]"),
        (Verdict("at_chance", (RUN,), "blank", Difference(0.0, -0.1, 0.1)), "= blank: +0.000 [-0.100, 0.100]"),
        (Verdict("unknown", (RUN,)), "no baselines"),
    ],
)
def test_each_fusion_has_its_verdict_next_to_it_and_a_single_has_none(show, verdict, words):
    lines = show(verdict)
    own, alone = (next(line for line in lines if name in line) for name in ("concat", "none"))
    assert f" {words} " in own and " - " in alone
    assert "verdict" in lines[2] and "weights" in lines[2]


def test_without_a_fusion_there_is_no_such_column(show):
    assert not any("verdict" in line for line in show(None))


@pytest.mark.parametrize(
    ("width", "there", "gone"),
    [(110, ["[0.003, 0.021]", "12.3k"], []), (88, ["[0.003, 0.021]"], ["12.3k"]), (72, ["+0.012 over image"], ["["])],
)
def test_a_narrow_terminal_loses_the_cost_before_the_interval_and_never_the_verdict(show, width, there, gone):
    lines = show(Verdict("better", (RUN,), "image", Difference(0.012, 0.003, 0.021)), width)
    (own,) = [line for line in lines if "concat" in line and "over" in line]
    assert len(own.rstrip()) <= width
    assert all(word in own for word in there) and not any(word in own for word in gone)


def test_where_it_is_narrow_each_row_is_a_block(show):
    lines = show(Verdict("better", (RUN,), "image", Difference(0.012, 0.003, 0.021)), 40)
    assert "verdict: +0.012 over image" in lines
    assert max(len(line) for line in lines[1:8]) <= 40


def test_what_was_left_out_is_named(show):
    lines = show(Verdict("better", (RUN,), "image", Difference(0.012, 0.003, 0.021)), 80)
    (left_out,) = [line for line in lines if line.startswith("Left out: ")]
    assert "test/f1" in left_out and left_out.endswith("(--wide shows all)")


def test_rankings_differ_in_task_dataset_or_data(make_run):
    runs = [make_run(), make_run(data="cd"), make_run(dataset="z"), make_run(task="z")]
    rankings = compare([row(folder) for folder in runs])
    assert [differing(a, b) for a, b in pairwise(rankings)] == ["data", "dataset", "task"]


def test_epsilon_is_a_column_where_a_run_was_trained_privately(make_run, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    epsilons = {"concat": 2.0, "gated": None, "sum": 8.0}
    runs = [make_run(0.9, fusion=name) for name in [*epsilons, "mean"]]
    for folder, epsilon in zip(runs, epsilons.values(), strict=False):
        summary.write(folder, {**summary.read(folder), "privacy": {"epsilon": epsilon}})
    (ranking,) = compare([row(folder) for folder in runs])
    show_table(tabulate(ranking, [None] * 4))
    lines = capsys.readouterr().out.splitlines()
    header = next(line for line in lines if "epsilon" in line)
    place = header.index("epsilon") + len("epsilon")
    cells = {line.split()[0]: line[:place].split()[-1] for line in lines if line.split()}
    assert {name: cells[name] for name in ("concat", "gated", "sum", "mean")} == {
        "concat": "2",
        "gated": "inf",
        "sum": "8",
        "mean": "-",
    }
