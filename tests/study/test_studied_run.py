from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmexp.error import ConfigError
from mmexp.inference.evaluate import measure
from mmexp.inference.read_once import LIMIT, ReadOnce
from mmexp.run.folder import RunFolder
from mmexp.study.altered import Changed, Without
from mmexp.study.robustness import corruptions
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


def corrupted(study: StudiedRun, modality: str, name: str, level: int) -> Changed:
    def change(sample: str, value: Any) -> Any:
        own = corruptions(study.kind(modality))[name]
        return own(value, own.levels[level], sample, 0)

    return Changed(study.samples, {modality: change})


def passes(study: StudiedRun) -> list[Any]:
    """Metrics and rows of passes of every kind, some of them twice."""
    some = np.arange(len(study.samples)) % 2 == 0
    asked = [
        study.score,
        *(partial(study.score_without, [name], absent) for absent in ABSENT for name in study.inputs),
        lambda: study.score(Without(study.samples, {"text": some})),
        lambda: study.score(corrupted(study, "image", "noise", 0)),
        lambda: study.score(corrupted(study, "image", "noise", 4)),
        lambda: study.score(corrupted(study, "text", "typos", 4)),
        lambda: study.score([study.samples[i] for i in (3, 1)]),
        study.score,
        lambda: study.score(corrupted(study, "image", "noise", 4)),
    ]
    return [(found.metrics, list(found.rows)) for found in (one() for one in asked)]


def keeping(study: StudiedRun, once: ReadOnce | None, samples: Any) -> StudiedRun:
    return replace(study, samples=samples if once is None else once, trained=replace(study.trained, once=once))


def frozen(lab: Any, tiny_bert: str) -> StudiedRun:
    words = ["encoder/text=hf", f"encoder.text.model={tiny_bert}", "encoder.text.max_length=12", "method=frozen"]
    return studied_run(lab.train(*words, "training.epochs=1"))


@pytest.mark.parametrize("encoders", ["trained", "frozen", "frozen, without features that are kept"])
def test_what_is_kept_of_a_split_changes_no_number(
    study: StudiedRun, encoders: str, make_lab: Callable[[Path], Any], tmp_path: Path, tiny_bert: str
) -> None:
    own = study if encoders == "trained" else frozen(make_lab(tmp_path / "outputs"), tiny_bert)
    if encoders.endswith("kept"):
        own = replace(own, trained=replace(own.trained, stores={}))
    else:
        assert bool(own.trained.stores) == (encoders == "frozen")
    samples = own.samples.samples
    anew = passes(keeping(own, None, samples))
    for limit in (LIMIT, 6000, 0):
        once = ReadOnce(samples, limit)
        assert passes(keeping(own, once, samples)) == anew and once.used <= limit
        assert (once.used > 0) == (limit > 0)


def test_only_what_is_corrupted_is_encoded_anew(study: StudiedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    once = ReadOnce(study.samples.samples)
    own, asked = keeping(study, once, None), []
    for name, encoder in study.trained.module.model.encoders.items():
        forward = encoder.forward
        monkeypatch.setattr(
            encoder, "forward", lambda given, name=name, forward=forward: (asked.append(name), forward(given))[1]
        )
    own.score()
    assert asked == ["image", "text"] * 2, "two batches"
    asked.clear()
    for level in range(3):
        own.score(corrupted(own, "image", "noise", level))
    own.score()
    assert asked == ["image"] * 6


def test_a_blank_input_is_blank_for_its_encoder_also_where_features_are_kept(
    lab: Any, tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMEXP_CACHE", str(tmp_path / "cache"))
    lab.overrides = [one for one in lab.overrides if not one.startswith("encoder/text")]
    study = studied_run(lab.train("encoder/text=hf", f"encoder.text.model={tiny_bert}", "method=frozen"))
    assert list(study.trained.stores) == ["text"]
    anew = replace(study, trained=replace(study.trained, stores={}))
    blank, expected = (one.score_without(["text"], "blank").metrics["test/loss"] for one in (study, anew))
    assert blank == pytest.approx(expected, rel=1e-5)
