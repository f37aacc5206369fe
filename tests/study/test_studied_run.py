from __future__ import annotations

import pytest

from mmexp.error import ConfigError
from mmexp.inference.evaluate import measure
from mmexp.run.folder import RunFolder
from mmexp.study.studied_run import ABSENT, StudiedRun, studied_run, subsets


def test_it_knows_its_samples_metric_and_direction(study: StudiedRun) -> None:
    assert (study.metric, study.sign, study.inputs, study.removable) == (
        "test/accuracy",
        1,
        ["image", "text"],
        ["image", "text"],
    )
    assert [study.kind(name) for name in study.inputs] == ["image", "text"] and len(study.samples) == 6
    assert study.score().metrics == measure(study.trained).metrics


def test_less_of_a_loss_is_better(studied: RunFolder) -> None:
    assert studied_run(studied, metric="loss").sign == studied_run(studied, metric="ece").sign == -1


def test_a_metric_must_be_one_that_the_run_reports(studied: RunFolder) -> None:
    with pytest.raises(ConfigError, match=r"--metric must be one of accuracy, .*, got 'acuracy'"):
        studied_run(studied, metric="acuracy")


def test_absent_modalities_change_the_answers_and_leave_the_run_as_it_was(study: StudiedRun) -> None:
    whole = study.score().metrics
    for absent in ABSENT:
        without = study.score_without(["image", "text"], absent).metrics
        assert without["test/loss"] != whole["test/loss"]
        assert study.score_without([], absent).metrics == whole
    nothing = study.score_without(["image", "text"]).rows
    assert len({row["score"] for row in nothing}) == 1, "without any input all samples are answered the same"


def test_a_missing_modality_is_what_a_model_that_never_saw_it_gets(study: StudiedRun) -> None:
    rows = study.score_without(["text"]).rows
    known = [{key: value for key, value in sample.inputs.items() if key == "image"} for sample in study.samples]
    alone = [type(sample)(sample.id, own, {}) for sample, own in zip(study.samples, known, strict=True)]
    assert [row["score"] for row in rows] == pytest.approx([row["score"] for row in study.trained.predict(alone)])


def test_shuffled_modalities_are_of_several_samples_where_the_task_learns_what_belongs_together(
    study: StudiedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(StudiedRun, "score", lambda self, samples: seen.append(samples))
    for paired in (False, True):
        monkeypatch.setattr(study.trained.task, "paired", paired, raising=False)
        study.score_without(["image", "text"], "shuffled")
    known = {str(sample.inputs["text"]) + str(sample.inputs["image"].sum()) for sample in study.samples}
    together, apart = (
        [str(sample.inputs["text"]) + str(sample.inputs["image"].sum()) in known for sample in samples]
        for samples in seen
    )
    assert all(together) and not any(apart)


def test_subsets_are_all_there_largest_first() -> None:
    assert subsets(["a", "b"]) == [("a", "b"), ("a",), ("b",), ()]
    assert len(set(subsets("abcdef"))) == 64
