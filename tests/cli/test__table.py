from __future__ import annotations

import pytest

from mmexp.cli._table import fits, print_table

COLUMNS = ["fusion", "score!", "weights>", "train>"]
ROWS = [["attention", "0.831 ± 0.011 " * 3, "1.23M", "61 s"], ["none", "0.5", "", "3 min"]]


@pytest.fixture
def printed(capsys, monkeypatch):
    def lines(width: int, *, wide: bool = False) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(width))
        print_table(COLUMNS, ROWS, optional=["train", "weights"], wide=wide, hint="--wide shows all")
        return [line.rstrip() for line in capsys.readouterr().out.splitlines()]

    return lines


@pytest.mark.parametrize(
    ("width", "left_out"),
    [
        (100, ""),
        (70, "Left out: train (--wide shows all)"),
        (66, "Left out: weights, train (--wide shows all)"),
    ],
)
def test_a_table_fits_its_terminal_and_names_what_was_left_out(printed, width, left_out):
    lines = printed(width)
    assert max(map(len, lines)) <= width
    assert [line for line in lines if line.startswith("Left out")] == [left_out] * bool(left_out)
    assert any("attention" in line and "0.831" in line for line in lines)


@pytest.mark.parametrize("width", [40, 59])
def test_on_a_narrow_terminal_each_row_is_a_block(printed, width):
    lines = printed(width)
    assert max(map(len, lines)) <= width
    assert lines[0] == "fusion: attention" and lines[1].startswith("score: 0.831 ± 0.011")
    assert lines[-4:] == ["fusion: none", "score: 0.5", "train: 3 min", ""]


def test_a_small_table_stays_one_on_a_narrow_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    print_table(["metric!", "value>"], [["accuracy", 0.5]])
    assert "metric     value" in capsys.readouterr().out


def test_wide_prints_all_columns_unfolded(printed):
    lines = printed(40, wide=True)
    (row,) = [line for line in lines if "attention" in line]
    assert "1.23M" in row and "61 s" in row and not any(line.startswith("Left out") for line in lines)


def test_a_column_that_may_be_folded_is(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    print_table(["run!", "why"], [["20260101-000000-abcd", "word " * 20]])
    assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= 60
    assert fits(["why"], [["x" * 57]], 60) and not fits(["why"], [["x" * 58]], 60)


def test_markup_in_a_cell_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["name", "n>"], [["[red]x[/red]", 1]])
    assert "[red]x[/red]" in capsys.readouterr().out


def test_a_piped_table_is_wide(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    print_table(["name"], [["word " * 25]])
    assert ("word " * 25).strip() in capsys.readouterr().out
