from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from mmexp.run.metrics import MetricsFile, read_metrics


def test_rows_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    rows = [{"step": i, "epoch": 0, "time": i / 10, "train/loss": 1 / (i + 1)} for i in range(5)]
    with MetricsFile(path) as file:
        for row in rows:
            file.append(row)
    assert read_metrics(path) == rows


def test_a_row_can_be_read_as_soon_as_it_is_appended(tmp_path: Path) -> None:
    file = MetricsFile(tmp_path / "metrics.jsonl")
    file.append({"step": 1, "a": 2.0})
    assert read_metrics(tmp_path / "metrics.jsonl") == [{"step": 1, "a": 2.0}]
    file.close()


def test_a_new_column_costs_no_earlier_row(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    for row in ({"step": 1, "a": 1}, {"step": 2, "a": 1, "b": 2}):
        with MetricsFile(path) as file:
            file.append(row)
    assert read_metrics(path) == [{"step": 1, "a": 1}, {"step": 2, "a": 1, "b": 2}]


def test_a_writer_that_died_in_mid_line_costs_that_line_only(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "a": 1}\n{"step": 2, "a"')
    assert read_metrics(path) == [{"step": 1, "a": 1}]
    with MetricsFile(path) as file:
        file.append({"step": 2, "a": 5})
    assert read_metrics(path) == [{"step": 1, "a": 1}, {"step": 2, "a": 5}]


def test_what_is_written_is_strict_json(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    with MetricsFile(path) as file:
        file.append({"step": 1, "train/loss": math.nan, "grad": math.inf})
    assert json.loads(path.read_text(), parse_constant=pytest.fail) == {"step": 1, "train/loss": None, "grad": None}


def test_nan_and_infinity_of_other_writers_are_read_as_none(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "a": NaN, "b": -Infinity}\n')
    assert read_metrics(path) == [{"step": 1, "a": None, "b": None}]


def test_the_last_of_rows_with_the_same_step_and_keys_counts(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    with MetricsFile(path) as file:
        for row in ({"step": 1, "a": 1}, {"step": 1, "b": 1}, {"step": 2, "a": 1}, {"step": 1, "a": 9}):
            file.append(row)
    assert read_metrics(path) == [{"step": 1, "a": 9}, {"step": 1, "b": 1}, {"step": 2, "a": 1}]


def test_lines_that_are_no_rows_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'[1]\n\n{"a": 1}\n{"step": [1]}\n\x00\x00\x00\n\xff\xfe\n{"step": 1, "a": 2}\n')
    assert read_metrics(path) == [{"step": 1, "a": 2}]


def test_a_run_without_metrics_has_no_rows(tmp_path: Path) -> None:
    assert read_metrics(tmp_path / "metrics.jsonl") == []


def test_after_a_full_disk_the_next_row_has_a_line_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "metrics.jsonl"
    write, calls = os.write, []

    def half_then_full(handle: int, data: bytes) -> int:
        calls.append(data)
        if len(calls) == 2:
            return write(handle, data[:5])
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        return write(handle, data)

    monkeypatch.setattr(os, "write", half_then_full)
    with MetricsFile(path) as file:
        for step in (1, 2, 3):
            file.append({"step": step})
    assert read_metrics(path) == [{"step": 1}, {"step": 2}, {"step": 3}]


def test_rows_wait_for_room(tmp_path: Path, file_limit: Callable[[int], AbstractContextManager[None]]) -> None:
    path = tmp_path / "metrics.jsonl"
    with MetricsFile(path) as file:
        file.append({"step": 1})
        with file_limit(path.stat().st_size + 5):
            for step in (2, 3):
                file.append({"step": step})
        assert file.waiting == [{"step": 2}, {"step": 3}] and read_metrics(path) == [{"step": 1}]
        file.append({"step": 4})
    assert read_metrics(path) == [{"step": i} for i in (1, 2, 3, 4)] and not file.waiting


def test_any_other_error_is_raised(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        MetricsFile(tmp_path / "gone" / "metrics.jsonl").append({"step": 1})
