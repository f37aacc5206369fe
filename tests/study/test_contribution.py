from __future__ import annotations

from dataclasses import replace

import pytest

from mmexp.error import ConfigError
from mmexp.study.contribution import Contribution, contribute, values
from mmexp.study.estimate import Measured
from mmexp.study.studied_run import ABSENT, StudiedRun

PLAYERS = ("image", "text")
XOR = Measured({PLAYERS: 1.0, ("image",): 0.25, ("text",): 0.25, (): 0.25}, {}, [], {})
UNIQUE = Measured({PLAYERS: 1.0, ("image",): 1.0, ("text",): 0.25, (): 0.25}, {}, [], {})


@pytest.fixture(scope="module")
def found(study: StudiedRun) -> Contribution:
    return contribute(study)


def test_values_add_up_to_the_metric_with_all_less_that_with_none_however_a_modality_is_absent(
    found: Contribution,
) -> None:
    plain = found.plain()
    assert list(plain["absent"]) == list(ABSENT)
    for own in plain["absent"].values():
        whole, none = own["coalitions"][0]["value"], own["coalitions"][-1]["value"]
        total = sum(one["value"] for one in own["shapley"].values())
        assert total == pytest.approx(whole - none, abs=1e-9)
    assert len({own["coalitions"][0]["value"] for own in plain["absent"].values()}) == 1


def test_of_a_loss_less_is_better(study: StudiedRun) -> None:
    loss = contribute(replace(study, metric="test/loss"), ["blank"])
    known = loss.measured("blank")
    assert sum(one.value for one in loss.values(known).values()) == pytest.approx(
        known.values[()] - known.values[loss.players], abs=1e-9
    )
    assert all(one.interval is None for one in loss.values(known).values())


def test_xor_is_shared_equally_and_what_one_knows_alone_is_its_own(found: Contribution) -> None:
    assert {name: one.value for name, one in values(PLAYERS, XOR).items()} == {"image": 0.375, "text": 0.375}
    assert {name: one.value for name, one in values(PLAYERS, UNIQUE).items()} == {"image": 0.75, "text": 0.0}
    assert found.dominance(XOR)[2].value == 0
    first, second, gap = found.dominance(UNIQUE)
    assert (first, second, gap.value) == ("image", "text", 0.75)
    assert found.utilisation(UNIQUE)["text"].value == 0


def test_progress_counts_every_evaluation(study: StudiedRun) -> None:
    seen = []
    contribute(study, ["shuffled"], lambda done, total: seen.append((done, total)))
    assert seen == [(2, 4), (3, 4), (4, 4)]


def test_a_task_that_needs_all_inputs_is_given_others_in_their_place(
    study: StudiedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study.trained.task, "inputs", ("image", "text"), raising=False)
    found = contribute(study, ["missing", "shuffled"])
    assert list(found.scores) == ["shuffled"] and found.players == PLAYERS
    with pytest.raises(ConfigError, match="RUN must have 2 to 6 inputs that its task can do without, got image, text"):
        contribute(study, ["missing"])


def test_what_a_model_is_given_must_be_known(study: StudiedRun) -> None:
    with pytest.raises(ConfigError, match="--absent must be among missing, shuffled, blank, got 'gone'"):
        contribute(study, ["missing", "gone"])
