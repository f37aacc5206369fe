from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmexp.error import ConfigError
from mmexp.study.benchmark import plan, seconds_of


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Rows of three speakers each of which says every label, and is in one split where there are any."""

    def write(**columns: list[str]) -> Path:
        rows = []
        for i in range(60):
            row = {"text": f"word {i % 7} of {i}", "vector": [i % 4, i % 3], "label": "ab"[i % 2]}
            rows.append(row | {name: values[i // 2 % len(values)] for name, values in columns.items()})
        (tmp_path / "manifest.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        return tmp_path

    return write


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmexp.study.benchmark.options", lambda group: ["concat", "gated", "none"])


def test_a_table_is_read_and_every_fusion_that_fits_is_a_way(table, few):
    found = plan([f"dataset.root={table()}", "task=classification"], budget=90)
    first, *_, last = found.words
    assert first == "dataset=manifest" and last == "search.budget=90" and "launcher.slots=auto" in found.words
    assert "fusion=concat,gated" in found.words
    assert set(found.dataset.inputs) == {"text", "vector"} and not found.notes


def test_what_is_typed_is_not_chosen_anew(table):
    typed = ["dataset=manifest", f"dataset.root={table()}", "fusion=sum,film", "launcher.workers=1"]
    assert plan(typed).words == [*typed, "search=halving", "search.budget=1800"]
    assert "fusion=sum,film" in plan([f"dataset.root={table()}"], "sum, film").words


def test_a_likely_group_stays_on_one_side_and_the_guess_is_said(table):
    people = [f"p{i}" for i in range(10)]
    found = plan([f"dataset.root={table(speaker=people)}"], "sum")
    assert "dataset.group_by=speaker" in found.words and "is a guess" in found.notes[0]
    assert found.dataset.grouping()["column"] == "speaker" and not found.dataset.grouping()["seen"]


def test_a_table_with_splits_keeps_them(table):
    root = table(speaker=["ann", "bob", "cyd"], split=["train", "val", "test"])
    found = plan([f"dataset.root={root}"], "sum")
    assert "dataset.split.groups=speaker" in found.words and found.dataset.grouping()["number"] == 1


def test_groups_too_few_to_divide_are_not_used(table):
    found = plan([f"dataset.root={table(speaker=['ann', 'bob'])}"], "sum")
    assert not any("group_by" in word for word in found.words) and "is not used" in found.notes[0]


def test_a_typo_is_refused_once(table, few):
    with pytest.raises(ConfigError, match="task must be one of its options, got 'clasification'") as refused:
        plan([f"dataset.root={table()}", "task=clasification"])
    assert len(refused.value.problems) == 1


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("30m", 1800), ("1.5h", 5400)])
def test_a_budget_is_a_time(text: str, seconds: float):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["soon", "0m", "-1h", "3d"])
def test_what_is_no_time_is_refused(text: str):
    with pytest.raises(ConfigError, match=f"--budget must be a time such as 90s, 30m or 2h, got '{text}'"):
        seconds_of(text)
