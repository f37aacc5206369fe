from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmexp.error import Stopped
from mmexp.logger.base import Logger, LoggerCollection
from mmexp.run.folder import RunFolder


class Recording(Logger):
    def __init__(self, broken: str = "") -> None:
        self.broken = broken
        self.calls: list[tuple[Any, ...]] = []

    def _note(self, *call: Any) -> None:
        if call[0] == self.broken:
            raise OSError(f"no route to host while in {call[0]}")
        self.calls.append(call)

    def start(self, folder: RunFolder, config: Any, parameters: Any) -> None:
        self._note("start", folder.id, dict(config), dict(parameters))

    def log(self, row: Any) -> None:
        self._note("log", row["step"])

    def finish(self, status: str, summary: Any) -> None:
        self._note("finish", status, dict(summary))


class Required(Recording):
    required = True


def run(loggers: LoggerCollection, error: BaseException | None = None) -> None:
    with loggers.run(RunFolder(Path("a-run")), {"seed": 0}, {"total": 5}):
        loggers.log({"step": 1})
        if error:
            raise error
        loggers.log({"step": 2})
        loggers.summary = {"metrics": {"val/x": 0.5}}


def test_every_logger_is_started_fed_and_finished():
    one, other, warnings = Recording(), Recording(), []
    run(LoggerCollection({"one": one, "other": other}, warnings.append))
    began = ("start", "a-run", {"seed": 0}, {"total": 5})
    assert one.calls == [began, ("log", 1), ("log", 2), ("finish", "done", {"metrics": {"val/x": 0.5}})]
    assert other.calls == one.calls and warnings == []


@pytest.mark.parametrize("broken", ["start", "log", "finish"])
def test_a_logger_that_fails_is_dropped_with_one_warning_and_the_others_go_on(broken, caplog):
    bad, good, warnings = Recording(broken), Recording(), []
    run(LoggerCollection({"bad": bad, "good": good}, warnings.append))
    assert [call[0] for call in good.calls] == ["start", "log", "log", "finish"]
    assert warnings == [
        f"Warning: logger 'bad' failed and is dropped; the run goes on (OSError: no route to host while in {broken})."
    ]
    assert "Logger 'bad' failed." in caplog.text and "Traceback" in caplog.text


def test_a_required_logger_that_fails_ends_the_run_and_the_others_are_finished():
    other = Recording()
    with pytest.raises(OSError, match="no route to host while in log"):
        run(LoggerCollection({"other": other, "files": Required("log")}, print))
    assert other.calls[-1] == ("finish", "failed", {})


@pytest.mark.parametrize(
    ("error", "status"),
    [(ValueError("x"), "failed"), (Stopped("Training: stopped."), "stopped"), (KeyboardInterrupt(), "stopped")],
)
def test_loggers_are_finished_with_the_way_the_run_ended(error, status):
    one = Recording()
    with pytest.raises(type(error)):
        run(LoggerCollection({"one": one}, print), error)
    assert [call[0] for call in one.calls] == ["start", "log", "finish"] and one.calls[-1] == ("finish", status, {})


def test_a_secret_is_not_in_the_warning(monkeypatch):
    warnings: list[str] = []
    one = Recording()
    monkeypatch.setattr(one, "log", lambda row: (_ for _ in ()).throw(OSError("password=hunter2hunter2")))
    run(LoggerCollection({"one": one}, warnings.append))
    assert len(warnings) == 1 and "hunter2" not in warnings[0]


def test_by_default_only_rows_are_asked_for():
    class Minimal(Logger):
        def log(self, row: Any) -> None:
            self.last = row

    one, warnings = Minimal(), []
    run(LoggerCollection({"one": one}, warnings.append))
    assert one.last == {"step": 2} and warnings == []
