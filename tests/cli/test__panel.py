from __future__ import annotations

import sys

import pytest

from mmexp.cli._panel import show_error
from mmexp.error import ConfigError, DataError


def test_in_a_pipe_it_is_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(ConfigError(["one is wrong.", "two is wrong."], "Set x."))
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "mmexp: wrong configuration\none is wrong.\ntwo is wrong.\nSet x.\n"


def test_on_a_terminal_it_is_a_panel(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    show_error(DataError("image must be readable, got [bold]nonsense[/bold].", path="a.csv:3"))
    err = capsys.readouterr().err
    assert "data refused" in err
    assert "a.csv:3: image must be readable, got" in err
    assert "[bold]nonsense[/bold]" in err
    assert "╭" in err


def test_neither_secrets_nor_control_characters_come_through(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(ConfigError("name must be plain, got \x1b[2Jx at https://u:hunter2@h."))
    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert r"\x1b[2Jx" in err
    assert "hunter2" not in err
