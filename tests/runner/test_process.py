from __future__ import annotations

import signal
from pathlib import Path

import pytest

from mmexp.error import DataError, Stopped
from mmexp.runner.process import call, end_of, redirect


def work(error: BaseException | None) -> None:
    if error:
        raise error


@pytest.mark.parametrize(
    ("error", "status", "message", "exit_code"),
    [
        (None, "done", "", 0),
        (DataError("label must be known, got 7."), "failed", "label must be known, got 7.", 3),
        (Stopped("Training: stopped at step 6."), "stopped", "Training: stopped at step 6.", 143),
        (ValueError("boom"), "failed", "ValueError: boom", 1),
    ],
)
def test_the_end_is_what_the_work_came_to(error, status, message, exit_code):
    end = call(work, (error,))
    assert (end.status, end.message, end.exit_code) == (status, message, exit_code)
    assert ("Traceback" in end.traceback) is (message == "ValueError: boom")


def test_a_signal_stops_the_work():
    end = call(signal.raise_signal, (signal.SIGTERM,))
    assert (end.status, end.message, end.exit_code) == ("stopped", "Training: stopped at once.", 143)


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        (-signal.SIGTERM, "stopped", "Training: stopped before it began."),
        (-signal.SIGKILL, "killed", "Its process was ended by SIGKILL."),
        (7, "killed", "Its process ended with exit code 7."),
    ],
)
def test_a_process_that_reports_no_end_has_that_of_its_exit_code(code, status, message):
    assert (end_of(code).status, end_of(code).message) == (status, message)


def test_output_is_appended_to_a_file(tmp_path: Path):
    path = tmp_path / "log.txt"
    path.write_text("before\n")
    stream = open(tmp_path / "other", "w")  # noqa: SIM115
    redirect(path, stream.fileno())
    with stream:
        print("after", file=stream)
    assert path.read_text() == "before\nafter\n"
