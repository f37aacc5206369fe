from __future__ import annotations

from dataclasses import replace

import pytest

from mmexp.error import ConfigError
from mmexp.study.missing import SHARES, Degradation, Gap, compare, degrade
from mmexp.study.studied_run import StudiedRun


@pytest.fixture(scope="module")
def found(study: StudiedRun) -> Degradation:
    return degrade(study)


def test_every_subset_and_each_share_is_evaluated(found: Degradation, study: StudiedRun) -> None:
    plain = found.plain()
    subsets = [tuple(row["modalities"]) for row in plain["gaps"] if row["kind"] == "subset"]
    assert subsets == [("image", "text"), ("image",), ("text",), ()]
    shares = [(*row["modalities"], row["share"]) for row in plain["gaps"] if row["kind"] == "samples"]
    assert shares == [(name, share) for name in ("image", "text") for share in SHARES]
    assert [one.names for one in found.found.values if one.kind == "sequence"] == [("text",)] * 3
    assert found.value(found.whole).value == study.run.metrics["test/accuracy"]
    assert (plain["missing"], plain["modality_dropout"], plain["always_present"]) == ("mask", 0.0, [])


def test_the_drop_is_a_share_of_the_metric_and_positive_where_it_gets_worse(found: Degradation) -> None:
    values = dict.fromkeys(found.found.values, 0.8) | {Gap("subset", ("image",)): 0.4, Gap("subset", ("text",)): 0.6}
    made_up = replace(found, found=replace(found.found, values=values, metrics={}))
    assert made_up.drop(Gap("subset", ("image",))).value == pytest.approx(0.5)
    assert made_up.drop(Gap("subset", ("text",))).value == pytest.approx(0.25)
    assert made_up.score.value == pytest.approx(0.375), "the whole and the empty set do not count"
    loss = replace(made_up, study=replace(found.study, metric="test/loss"))
    assert loss.drop(Gap("subset", ("image",))).value == pytest.approx(-0.5)


def test_two_runs_are_compared_on_the_same_samples(found: Degradation) -> None:
    same = compare(found, found)
    assert same is not None and same.value == 0 and same.interval is None
    other = replace(found, found=replace(found.found, ids=["x"]))
    assert compare(found, other) is None


def test_the_samples_of_a_smaller_share_lack_it_at_a_larger_one_too(
    study: StudiedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = []
    score = StudiedRun.score

    def watched(self: StudiedRun, samples=None):
        if samples is not None:
            lacking.append({sample.id for sample in samples if "text" not in sample.inputs})
        return score(self, samples)

    monkeypatch.setattr(StudiedRun, "score", watched)
    degrade(study, seed=3)
    graded = [one for one in lacking if 0 < len(one) < 6]
    assert [len(one) for one in graded] == [2, 3, 4] and graded[0] < graded[1] < graded[2]


def test_a_task_that_needs_its_inputs_is_refused(study: StudiedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study.trained.task, "inputs", ("text",), raising=False)
    with pytest.raises(ConfigError, match=r"must have 2 to 6 inputs .* do without, got image of image, text"):
        degrade(study)
