from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mmexp.error import ConfigError
from mmexp.study.explain.modality import contribute_to_sample


def score(trained: Any, sample: Any, answer: str) -> float:
    """Score of an answer as the prediction of a run gives it."""
    (row,) = trained.predict([sample])
    return float(row["scores"][answer])


def lacking(sample: Any, *names: str) -> Any:
    inputs = {name: value for name, value in dict(sample.inputs).items() if name not in names}
    return replace(sample, inputs=inputs)


def test_two_modalities_have_half_of_what_each_adds_alone_and_half_of_what_it_adds_to_the_other(trained, sample):
    found = contribute_to_sample(trained, sample, rows=3)
    best, none = found.answer, found.without
    both, image, text = (score(trained, lacking(sample, *gone), best) for gone in ((), ("text",), ("image",)))
    assert found.score == pytest.approx(both, abs=1e-5) and found.absent == "missing"
    assert found.values["image"] == pytest.approx((image - none + both - text) / 2, abs=1e-5)
    assert found.values["text"] == pytest.approx((text - none + both - image) / 2, abs=1e-5)
    assert sum(found.values.values()) == pytest.approx(found.score - found.without, abs=1e-5)


@pytest.mark.parametrize("rows", [1, 64])
def test_how_many_are_scored_at_once_changes_nothing(trained, sample, rows):
    assert contribute_to_sample(trained, sample, rows).values == pytest.approx(
        contribute_to_sample(trained, sample, 2).values, abs=1e-5
    )


def test_a_modality_that_a_sample_lacks_has_no_part_in_it(trained, sample):
    found = contribute_to_sample(trained, lacking(sample, "text"), 8)
    assert found.values == {"image": pytest.approx(found.score - found.without, abs=1e-5)}


def test_a_task_that_needs_its_inputs_is_given_blank_ones(trained, sample, monkeypatch):
    monkeypatch.setattr(type(trained.task), "inputs", ("image", "text"), raising=False)
    found = contribute_to_sample(trained, sample, 8)
    assert found.absent == "blank"
    assert sum(found.values.values()) == pytest.approx(found.score - found.without, abs=1e-5)


def test_a_sample_with_nothing_to_take_away_is_refused(trained, sample):
    with pytest.raises(ConfigError, match=r"sample must have 1 to 6 inputs besides .*, got none"):
        contribute_to_sample(trained, lacking(sample, "image", "text"), 8)


def test_it_ends_where_the_check_raises(trained, sample):
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        contribute_to_sample(trained, sample, 2, check)
