from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmexp.analysis.cause import Cause, Record, recorded_causes
from mmexp.run.folder import RunFolder

CLEAN = {"sha": "a" * 40, "diff": "", "untracked": []}
BASE: dict[str, Any] = {
    "provenance": {
        "fingerprint": "ab",
        "mmexp": "1",
        "source": "s",
        "git": CLEAN,
        "python": "3.11",
        "packages": {"torch": "2.10"},
        "cpu": {"model": "X"},
        "platform": "Linux",
    },
    "facts": {"sizes": {"train": 4, "test": 2}},
    "summary": {"skipped": 0, "hardware": {"accelerator": "cpu", "precision": "32-true", "threads": 2}},
}


def causes(**changes: Any) -> list[Cause]:
    """What separates the base from itself with these changes of a part."""
    other = {part: {**own, **changes.get(part, {})} for part, own in BASE.items()}
    return list(recorded_causes(Record(**BASE), Record(**other)))


def seen(**changes: Any) -> list[tuple[str, str, str, str]]:
    return [(one.kind, one.what, one.a, one.b) for one in causes(**changes)]


def test_equal_records_have_no_cause() -> None:
    assert causes() == []


def test_other_data_is_named_with_its_sizes() -> None:
    found = seen(provenance={"fingerprint": "c" * 64}, facts={"sizes": {"train": 5}}, summary={"skipped": 3})
    assert found == [
        ("data", "fingerprint", "ab train 4, test 2", "cccccccccccc train 5"),
        ("data", "samples left out", "0", "3"),
    ]


def test_data_without_a_fingerprint_is_not_called_the_same() -> None:
    blank = Record({**BASE["provenance"], "fingerprint": ""}, {}, {})
    (found,) = recorded_causes(blank, blank)
    assert found.what == "fingerprint" and found.note == "what cannot be compared may differ"


def test_code_differs_by_commit_changes_and_untracked_files() -> None:
    git = {"sha": "b" * 40, "diff": "diff --git a/x.py b/x.py\n+1\n... cut at 9", "untracked": ["y.py"]}
    found = causes(provenance={"git": git})
    assert [one.what for one in found] == ["commit", "changes since the commit", "untracked files"]
    assert (found[1].a, found[1].b, found[1].note) == ("none", "x.py", "a diff was cut, so there may be more")


def test_a_checkout_of_mmexp_that_has_changed_is_seen_without_a_new_version() -> None:
    assert seen(provenance={"source": "t"}) == [("code", "source of mmexp", "s", "t")]
    assert seen(provenance={"source": "t", "mmexp": "2"}) == [("code", "mmexp", "1", "2")]


def test_code_that_was_not_recorded_is_not_called_the_same() -> None:
    bare = Record({"fingerprint": "ab"}, {}, {})
    assert [(one.kind, one.a) for one in recorded_causes(bare, bare)] == [("code", "unknown")]


def test_packages_that_train_come_first_and_others_change_no_result() -> None:
    found = seen(provenance={"packages": {"torch": "2.11", "aaa": "1"}, "python": "3.12"})
    assert found == [
        ("packages", "python", "3.11", "3.12"),
        ("packages", "torch", "2.10", "2.11"),
        ("idle", "aaa", "not installed", "1"),
    ]


def test_hardware_differs_by_what_was_computed_on() -> None:
    found = seen(
        summary={"hardware": {"accelerator": "gpu", "precision": "32-true", "device": "H200"}},
        provenance={"cpu": {"model": "Y"}, "platform": "Darwin"},
    )
    assert [one[1:] for one in found] == [
        ("accelerator", "cpu", "gpu"),
        ("threads", "2", "-"),
        ("device", "-", "H200"),
        ("processor", "X", "Y"),
        ("platform", "Linux", "Darwin"),
    ]


def test_a_record_of_files_that_are_not_there_is_empty(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.manifest.write_text(json.dumps({"seed": 1}))
    folder.facts.write_text("{")
    assert Record.read(folder) == Record({"seed": 1}, {}, {})


def test_many_names_are_cut_short_and_json_has_the_parts() -> None:
    (found,) = causes(provenance={"git": {**CLEAN, "untracked": list("abcdef")}})
    assert found.b == "a, b, c, d and 2 more"
    assert found.plain() == {"kind": "code", "what": "untracked files", "a": "none", "b": found.b, "note": found.note}
