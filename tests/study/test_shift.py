from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mmexp.study.shift import shift_of
from mmexp.study.studied_run import StudiedRun


def grouped(
    study: StudiedRun, monkeypatch: pytest.MonkeyPatch, groups: dict[str, str], trained: list[str]
) -> StudiedRun:
    facts: dict[str, Any] = {**study.trained.facts, "groups": {"train": trained, "test": sorted({*groups.values()})}}
    monkeypatch.setattr(study.dataset, "grouping", lambda: {"column": "speaker"})
    return replace(study, groups=groups, trained=replace(study.trained, facts=type(study.trained.facts)(facts)))


def test_samples_of_groups_seen_in_training_are_measured_apart(study: StudiedRun, monkeypatch: pytest.MonkeyPatch):
    right = {row["id"]: row["label"] == row["target"] for row in study.score().rows}
    assert len({*right.values()}) == 2, "some are right, some are wrong"
    groups = {name: "bob" if known else "ann" if i % 2 else "cem" for i, (name, known) in enumerate(right.items())}
    found = shift_of(grouped(study, monkeypatch, groups, ["ann", "cem", "dan"]))
    assert found is not None
    plain, others = found.plain(), [one for one in groups.values() if one != "bob"]
    assert plain["column"] == "speaker" and plain["loss"]["value"] == -1
    assert plain["seen"] == {"samples": len(others), "groups": len({*others}), "value": 0, **plain["seen"]}
    assert plain["unseen"] == {"samples": 6 - len(others), "groups": 1, "value": 1, **plain["unseen"]}


@pytest.mark.parametrize("trained", [["ann"], ["bob"], []])
def test_without_both_kinds_of_groups_there_is_no_shift(
    study: StudiedRun, monkeypatch: pytest.MonkeyPatch, trained: list[str]
):
    groups = {sample.id: "ann" for sample in study.samples}
    assert shift_of(grouped(study, monkeypatch, groups, trained)) is None
    assert shift_of(study) is None
