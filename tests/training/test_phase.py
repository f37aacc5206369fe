from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from mmexp.training.phase import phase


def console(terminal: bool) -> tuple[Console, io.StringIO]:
    screen = io.StringIO()
    return Console(file=screen, force_terminal=terminal, width=60, color_system=None), screen


def test_without_a_terminal_a_phase_is_one_line_at_its_beginning():
    shown, screen = console(terminal=False)
    with phase(shown, "checking data"):
        assert screen.getvalue() == "checking data\n"
    assert screen.getvalue() == "checking data\n"


def test_on_a_terminal_the_display_moves_while_the_phase_lasts():
    shown, screen = console(terminal=True)
    with phase(shown, "checking data"):
        before = screen.getvalue()
        for _ in range(200):
            time.sleep(0.02)
            if screen.getvalue() != before:
                break
        assert "checking data" in screen.getvalue() and screen.getvalue() != before


def test_a_bar_shows_how_much_of_a_phase_is_done():
    shown, screen = console(terminal=True)
    with phase(shown, "checking data") as progress:
        progress(3, 12)
    assert "checking data" in screen.getvalue() and "3/12" in screen.getvalue()


def test_without_a_terminal_progress_is_not_shown():
    shown, screen = console(terminal=False)
    with phase(shown, "checking data") as progress:
        progress(3, 12)
    assert screen.getvalue() == "checking data\n"


def test_the_display_is_closed_when_the_phase_fails():
    shown, _ = console(terminal=True)
    with pytest.raises(KeyboardInterrupt), phase(shown, "building"):
        raise KeyboardInterrupt
    with phase(shown, "building"):
        pass


def test_a_quiet_process_shows_nothing():
    screen = io.StringIO()
    with phase(Console(file=screen, quiet=True), "building"):
        pass
    assert screen.getvalue() == ""
