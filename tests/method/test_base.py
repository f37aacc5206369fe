from __future__ import annotations

import pytest

from mmexp.method.base import Learning


class Plain(Learning):
    def choose(self, model):
        pass


def test_it_keeps_what_it_is_told():
    given = {
        "epochs": 6, "batch_size": 5, "accumulate": 4, "clip": 0.5, "validate_every": 3, "patience": 2, "log_every": 7,
        "checkpoint_every": 9, "modality_dropout": 0.25, "average": 0.9,
    }  # fmt: skip
    learning = Plain(**given)
    assert {name: getattr(learning, name) for name in given} == given


@pytest.mark.parametrize("name", ["epochs", "batch_size", "accumulate", "log_every", "validate_every"])
def test_counts_below_one_are_refused(name):
    with pytest.raises(ValueError, match=f"Learning: {name} must be at least 1, got 0"):
        Plain(**{name: 0})


def test_validations_that_miss_the_last_epoch_are_refused():
    with pytest.raises(ValueError, match="Learning: validate_every must divide epochs 10, got 3"):
        Plain(epochs=10, validate_every=3)


@pytest.mark.parametrize("name", ["modality_dropout", "average"])
@pytest.mark.parametrize("share", [1.0, -0.5])
def test_what_is_no_share_is_refused(name, share):
    with pytest.raises(ValueError, match=rf"Learning: {name} must be in \[0, 1\), got {share}"):
        Plain(**{name: share})
