from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mmexp.logger.background import Background, BackgroundLogger
from mmexp.logger.base import LoggerCollection
from mmexp.run.folder import RunFolder


class Slow(BackgroundLogger):
    """Answers once it is let."""

    patience = 5.0

    def __init__(self, broken: str = "") -> None:
        self.broken, self.calls, self.answers = broken, list[Any](), threading.Event()

    def _note(self, name: str, what: Any) -> None:
        self.answers.wait(10)
        if name == self.broken:
            raise ConnectionError(f"no route to host while in {name}")
        self.calls.append((name, what))

    def open(self, folder: RunFolder, config: Mapping[str, Any], parameters: Mapping[str, int]) -> None:
        self._note("open", folder.id)

    def write(self, row: Mapping[str, float]) -> None:
        self._note("write", row["step"])

    def close(self, status: str, summary: Mapping[str, Any]) -> None:
        self._note("close", status)


def run(logger: Slow, answers_after: int) -> list[str]:
    """What is said of a run of three rows whose service answers after so many of them."""
    said: list[str] = []
    with LoggerCollection({"slow": logger}, said.append).run(RunFolder(Path("a-run")), {}, {}) as loggers:
        for step in range(3):
            if step == answers_after:
                logger.answers.set()
            loggers.log({"step": step})
        logger.answers.set()
    return said


def test_nobody_waits_for_a_service_before_the_run_has_ended_and_nothing_is_lost():
    slow = Slow()
    assert run(slow, 9) == []
    assert slow.calls == [("open", "a-run"), ("write", 0), ("write", 1), ("write", 2), ("close", "done")]


@pytest.mark.parametrize("broken", ["open", "write", "close"])
@pytest.mark.parametrize("answers_after", [0, 9])
def test_one_that_fails_is_dropped_with_one_warning_whenever_that_shows(broken: str, answers_after: int, caplog):
    said = run(Slow(broken), answers_after)
    reason = f"ConnectionError: no route to host while in {broken}"
    assert said == [f"Warning: logger 'slow' failed and is dropped; the run goes on ({reason})."]


def test_one_that_never_answers_is_left_at_the_end(monkeypatch: pytest.MonkeyPatch, caplog):
    slow = Slow()
    monkeypatch.setattr(Slow, "patience", 0.01)
    monkeypatch.setattr(slow.answers, "set", lambda: None)
    (said,) = run(slow, 9)
    assert "TimeoutError: it must be done within 0.01 s of the end of the run" in said
    threading.Event.set(slow.answers)


def test_a_failure_is_raised_once():
    background, done = Background(), threading.Event()

    def fail() -> None:
        done.set()
        raise ValueError("no")

    background.do(fail)
    done.wait(5)
    background._thread.join(5)
    with pytest.raises(ValueError, match="no"):
        background.do(fail)
    background.close(1.0)
