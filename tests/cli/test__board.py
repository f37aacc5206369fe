from __future__ import annotations

import io

import pytest
from rich.console import Console

from mmexp.cli._board import BoardRow, board, changes, chosen, counted, print_board
from mmexp.run.progress import Progress

HALF = Progress(epoch=2.0, epochs=4, step=20, seconds=10.0, speed=2.0, monitor="val/accuracy", score=0.25)


def drawn(rows: list[BoardRow], width: int = 120, room: int = 40) -> str:
    screen = Console(file=io.StringIO(), width=width)
    screen.print(board("sweep-x", rows, room))
    return screen.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_board_shows_how_far_a_job_is_how_fast_and_how_long_it_takes_yet():
    shown = drawn([BoardRow("seed=0", "running", known=HALF), BoardRow("seed=1", "waiting")])
    assert shown.splitlines()[:2] == ["sweep-x", "1 running, 1 waiting; about 30 s left"]
    (line,) = [line for line in shown.splitlines() if line.strip().startswith("seed=0")]
    assert line.split() == ["seed=0", "running", "2/4", "val/accuracy", "0.250", "2", "steps/s", "10", "s", "10", "s"]
    assert "reason" not in shown


def test_a_reason_and_a_secret_or_a_name_that_steers_the_terminal_are_shown_as_text():
    shown = drawn([BoardRow("name=\x1b[31mred", "failed", "token=hunter2hunter2 no such file", 3.0)])
    assert "\\x1b[31mred" in shown and "no such file" in shown and "3 s" in shown and "hunter2" not in shown


@pytest.mark.parametrize("width", [40, 80, 200])
def test_printed_once_each_job_has_its_name_and_status_however_narrow_the_terminal_is(width: int, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(width))
    print_board("sweep-x", [BoardRow("fusion=gated seed=0", "running", known=HALF), BoardRow("seed=1", "waiting")])
    shown = capsys.readouterr().out
    assert shown.startswith("sweep-x\n1 running, 1 waiting; about 30 s left\n")
    assert all(word in shown for word in ("fusion=gated seed=0", "running", "val/accuracy 0.250", "seed=1", "waiting"))


def test_where_not_all_rows_have_room_those_that_run_are_shown_and_the_others_counted():
    rows = [BoardRow(f"seed={i}", status) for i, status in enumerate(["done", "done", "failed", "waiting", "running"])]
    assert [row.label for row in chosen(rows, 2)] == ["seed=2", "seed=4"] and chosen(rows, 5) == rows
    shown = drawn(rows, room=9)
    assert "and 2 done, 1 waiting" in shown and len(shown.splitlines()) <= 9


@pytest.mark.parametrize("width", [30, 60, 200])
def test_a_board_with_room_for_all_keeps_to_its_terminal(width: int):
    rows = [BoardRow("fusion=gated optimizer.lr=0.001 seed=0", "running", known=HALF)] * 3
    shown = drawn(rows, width, room=20).splitlines()
    assert max(map(len, shown)) <= width and len(shown) <= 20


def test_nothing_is_said_of_the_time_left_where_a_job_that_runs_has_logged_nothing_yet():
    assert counted([BoardRow("a", "running"), BoardRow("b", "running", known=HALF)]) == "2 running"


def test_jobs_that_wait_take_as_long_as_those_that_are_done():
    rows = [BoardRow("a", "done", seconds=40.0), BoardRow("b", "running", known=HALF), BoardRow("c", "killed")]
    assert counted(rows) == "1 done, 1 killed, 1 running; about 50 s left"


def test_a_line_tells_of_what_has_begun_was_validated_or_has_ended():
    one, other = BoardRow("a", "running", known=HALF), BoardRow("b", "waiting")
    assert len(list(changes([], [one, other]))) == 2
    assert list(changes([one, other], [one, other])) == []
    better = BoardRow("a", "running", known=Progress(epoch=3.0, epochs=4, monitor="val/accuracy", score=0.5))
    ended = BoardRow("b", "failed", "no such file")
    said = list(changes([one, other], [better, ended]))
    assert said == ["a  running  3/4  val/accuracy 0.500", "b  failed  no such file"]
