from __future__ import annotations

import pytest

from mmexp.cli._text import console


def test_the_console_is_wide_when_piped_and_takes_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert (console().width, console(40).width) == (160, 40)
    monkeypatch.setenv("COLUMNS", "90")
    assert console().width == 90
