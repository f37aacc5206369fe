from __future__ import annotations

import pytest

from mmexp.config.training import TrainingConfig


@pytest.mark.parametrize("name", ["epochs", "batch_size", "accumulate", "log_every", "validate_every", "max_overflows"])
def test_counts_below_one_are_refused(name):
    with pytest.raises(ValueError, match=f"training.{name} must be at least 1, got 0"):
        TrainingConfig(**{name: 0})


@pytest.mark.parametrize("name", ["clip", "patience", "checkpoint_every"])
def test_negative_numbers_are_refused(name):
    with pytest.raises(ValueError, match=f"training.{name} must be at least 0, got -1"):
        TrainingConfig(**{name: -1})


def test_an_unknown_word_for_overflows_is_refused():
    with pytest.raises(ValueError, match=r"training\.on_overflow must be skip or raise, got stop"):
        TrainingConfig(on_overflow="stop")


def test_validations_that_miss_the_last_epoch_are_refused():
    with pytest.raises(ValueError, match=r"training\.validate_every must be a divisor of training\.epochs=10, got 3"):
        TrainingConfig(epochs=10, validate_every=3)


@pytest.mark.parametrize("name", ["modality_dropout", "ema"])
@pytest.mark.parametrize("share", [1.0, -0.5])
def test_what_is_no_probability_is_refused(name, share):
    with pytest.raises(ValueError, match=rf"training.{name} must be in \[0, 1\), got {share}"):
        TrainingConfig(**{name: share})
