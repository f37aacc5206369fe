from __future__ import annotations

from dataclasses import replace

import pytest

from mmexp.error import ConfigError
from mmexp.study.estimate import Measured
from mmexp.study.robustness import CLEAN, SEVERITIES, Case, Robustness, corrupt, refuse_other
from mmexp.study.studied_run import StudiedRun

CURVE = ("image", "blur")


def made_up(study: StudiedRun, *values: float) -> Robustness:
    """A run with the metric at severities 0 to 5."""
    cases = [CLEAN, *(Case(*CURVE, severity) for severity in SEVERITIES)]
    return Robustness(study, Measured(dict(zip(cases, values, strict=True)), {}, ["s"], {}), 0)


def test_relative_robustness_is_the_area_below_the_curve(study: StudiedRun) -> None:
    assert made_up(study, *[0.8] * 6).relative([CURVE]).value == pytest.approx(0.8)
    assert made_up(study, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0).relative([CURVE]).value == pytest.approx(0.5)


def test_effective_robustness_is_relative_to_a_reference_of_the_same_metric_on_clean_data(study: StudiedRun) -> None:
    own, reference = made_up(study, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0), made_up(study, *[0.6, 0.4, 0.2, 0.0, -0.2, -0.4])
    assert own.effective([CURVE]).value == pytest.approx(-0.5)
    assert own.effective([CURVE], reference).value == pytest.approx(0.0)
    assert made_up(study, *[0.5] * 6).effective([CURVE], reference).value == pytest.approx(0.5)
    loss = replace(study, metric="test/loss")
    assert made_up(loss, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0).effective([CURVE]).value == pytest.approx(-0.5)


@pytest.fixture(scope="module")
def found(study: StudiedRun) -> Robustness:
    return corrupt(study, ["noise", "case"])


def test_each_corruption_of_each_modality_is_evaluated_at_five_severities(found: Robustness) -> None:
    plain = found.plain(found)
    assert found.curves == [("image", "noise"), ("text", "case")]
    assert [len(one["severities"]) for one in plain["corruptions"]] == [5, 5]
    assert plain["corruptions"][0]["levels"] == [0.08, 0.12, 0.18, 0.26, 0.38]
    assert plain["clean"]["value"] == found.study.run.metrics["test/accuracy"]
    assert plain["all"]["effective"]["value"] == 0, "it is its own reference"
    text = plain["corruptions"][1]
    assert {one["value"] for one in text["severities"]} == {plain["clean"]["value"]}, "this tokenizer ignores case"


def test_a_reference_is_evaluated_on_the_same(found: Robustness) -> None:
    refuse_other(found, found)
    with pytest.raises(ConfigError, match="--reference must have the same seed as RUN, got others"):
        refuse_other(found, replace(found, seed=1))
    with pytest.raises(ConfigError, match="--reference must have the same samples as RUN, got others"):
        refuse_other(found, replace(found, found=replace(found.found, ids=["x"])))


def test_a_corruption_must_be_one_of_an_input(study: StudiedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"--only must be among blur, .*, got 'blurr'"):
        corrupt(study, ["blurr"])
    monkeypatch.setattr(StudiedRun, "kind", lambda self, name: "smell")
    with pytest.raises(ConfigError, match="RUN must have an input of a kind with corruptions, got smell, smell"):
        corrupt(study)
