from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmexp.dataset.kind.time_series import TimeSeriesKind, read_steps
from mmexp.dataset.manifest import Manifest
from mmexp.error import DataError


def read(*cells: Any) -> list[Any]:
    return TimeSeriesKind().read(list(cells), None).tolist()  # type: ignore[arg-type]


def manifest(folder: Path, times: list[float], columns: Any) -> Manifest:
    rows = [
        {"id": str(i), "values": [[i, 2], [3, 4], [5, 6]], "times": times, "label": "ab"[i % 2], "split": split}
        for i, split in enumerate(["train", "train", "val", "val", "test", "test"])
    ]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Manifest(root=str(folder), inputs={"time_series": columns}, targets={"label": "label"})


def test_the_time_since_the_one_before_is_one_more_number() -> None:
    assert read([[1, 2], [3, 4], [5, 6]], [10, 10.5, 12]) == [[1, 2, 0], [3, 4, 0.5], [5, 6, 1.5]]
    assert read("[1, 3]", "[7, 9]") == [[1, 0], [3, 2]]


def test_without_times_the_vectors_are_as_they_are() -> None:
    assert read([[1, 2], [3, 4]]) == [[1, 2], [3, 4]]
    assert read([1, 3]) == [[1], [3]]
    assert read(*TimeSeriesKind().from_word("[[1, 2], [3, 4]]")) == [[1, 2], [3, 4]]


def test_seconds_since_1970_keep_their_differences() -> None:
    assert read_steps([1764403200.0, 1764403200.25, 1764403201.0], 3).tolist() == [0, 0.25, 0.75]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (([[1], [2]], [0]), r"must have one time for each of 2 vectors, got \(1,\) times"),
        (([[1], [2]], [[0], [1]]), r"must have one time for each of 2 vectors, got \(2, 1\) times"),
        (([[1], [2]], [3, 1]), "must have times that do not decrease, got 3 and then 1"),
        (([[1], [2]], None), "must be a list of numbers, got None"),
        (([[1], [2]], [0, 1], [0, 1]), "must be read from a column of values and one of times, got 3 columns"),
        (("x", [0, 1]), "must be a list of numbers, got 'x'"),
    ],
)
def test_what_is_no_series_is_refused_with_its_value(cells: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(*cells)


@pytest.mark.parametrize(("columns", "width"), [(["values", "times"], 3), ("values", 2)])
def test_a_table_is_read_with_a_column_of_times_or_without(tmp_path: Path, columns: Any, width: int) -> None:
    dataset = manifest(tmp_path, [0, 1, 3], columns)
    dataset.prepare()
    found = dataset.split("val")[0].inputs["time_series"]
    assert found.shape == (3, width) and found.dtype == np.float32
    facts = dataset.describe()["modality"]["time_series"]
    assert (facts["kind"], facts["width"], facts["length"]) == ("vector", width, 3)
    assert facts["mean"][2:] == [1.0] * (width - 2)


def test_a_row_whose_times_run_backwards_is_named(tmp_path: Path) -> None:
    dataset = manifest(tmp_path, [0, 5, 3], ["values", "times"])
    with pytest.raises(DataError, match="time_series must have times that do not decrease, got 5 and then 3"):
        dataset.prepare()
