from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from mmexp.analysis.difference import Difference
from mmexp.analysis.interval import interval_of
from mmexp.study.membership import Attack, Samples, bound, calibrated, logit, loss_threshold, true_positives, within

N = 100


def samples(inside: np.ndarray, outside: np.ndarray, groups: dict[str, str] | None = None) -> Samples:
    losses = np.concatenate([inside, outside])
    ids = [f"s{(i * 37) % len(losses):04d}" for i in range(len(losses))]
    return Samples(ids, losses, np.arange(len(losses)) < len(inside), groups or {})


@pytest.fixture
def memorized() -> Samples:
    generator = np.random.default_rng(0)
    return samples(generator.uniform(0.009, 0.011, N), generator.uniform(1, 5, N))


@pytest.fixture
def unseen() -> Samples:
    return samples(*np.random.default_rng(1).exponential(1.0, (2, N)))


def lira(of: Samples, seed: int = 2) -> Attack:
    labels = [f"c{i % 4}" for i in range(len(of.losses))]
    others = np.random.default_rng(seed).exponential(1.0, N)
    return calibrated(of, labels, others, labels[:N])


def test_what_was_memorized_is_found_out(memorized: Samples):
    found = lira(memorized).measured(memorized)
    assert found["advantage"]["value"] > 0.97 and found["auroc"]["value"] > 0.99
    assert found["tpr_at_1_percent_fpr"]["value"] > 0.97
    known = loss_threshold(memorized).measured(memorized)
    assert known["false_positives"] == 0 and known["advantage"]["value"] == known["true_positives"]


def test_of_what_was_not_trained_on_nothing_is_found(unseen: Samples):
    for attack in (loss_threshold(unseen), lira(unseen)):
        found = attack.measured(unseen)
        assert found["advantage"]["low"] < 0 < found["advantage"]["high"]
        assert found["auroc"]["low"] < 0.5 < found["auroc"]["high"]
        assert found["advantage"]["over"] == "samples" and found["advantage"]["units"] == 2 * N


def test_the_interval_holds_nothing_where_there_is_nothing_to_find():
    """In 95 of 100 cases; here of the threshold of either attack, 20 times."""
    held = []
    for seed in range(10):
        of = samples(*np.random.default_rng(100 + seed).exponential(1.0, (2, N)))
        for attack in (loss_threshold(of), lira(of, 200 + seed)):
            known = interval_of(attack.measures(of)["advantage"], of.ids, {})
            held.append(known.low <= 0 <= known.high)
    assert sum(held) >= 17


def test_the_interval_is_over_groups_where_they_are_known(unseen: Samples):
    groups = {name: f"g{i // 20}" for i, name in enumerate(unseen.ids)}
    known = samples(unseen.losses[:N], unseen.losses[N:], groups)
    found = loss_threshold(known).measured(known)["advantage"]
    assert (found["over"], found["units"]) == ("groups", N // 10)


def test_an_interval_over_a_few_groups_holds_only_what_is_possible():
    found = within(Difference(0.06, -2.24, 2.36), 0.0, 1.0)
    assert (found.mean, found.low, found.high) == (0.06, 0.0, 1.0)
    inside = Difference(0.5, 0.4, 0.6)
    assert within(inside, -1.0, 1.0) == inside and within(Difference(0.5), 0.0, 1.0).low is None


def test_the_interval_of_the_advantage_is_that_of_two_rates(memorized: Samples):
    """A normal interval of the difference of two proportions, computed apart."""
    generator = np.random.default_rng(3)
    called = np.concatenate([generator.random(N) < 0.7, generator.random(N) < 0.4])
    found = Attack("x", "", called.astype(float), called).measured(memorized)["advantage"]
    rates = [called[:N].mean(), called[N:].mean()]
    half = 1.96 * np.sqrt(sum(rate * (1 - rate) / N for rate in rates))
    assert found["value"] == pytest.approx(rates[0] - rates[1])
    assert [found["low"], found["high"]] == pytest.approx([found["value"] - half, found["value"] + half], abs=0.02)


def test_a_class_that_is_always_hard_is_no_sign_of_training():
    """Half of the classes cost much, in training and outside: only what is below its class counts."""
    generator, labels = np.random.default_rng(4), [f"c{i % 2}" for i in range(2 * N)]
    hard = np.array([2.0 * (i % 2) for i in range(2 * N)])
    losses = hard + np.where(np.arange(2 * N) < N, 0.5, 1.0) + generator.normal(0, 0.1, 2 * N)
    of = samples(losses[:N], losses[N:])
    others = hard[:N] + 1.0 + generator.normal(0, 0.1, N)
    own = calibrated(of, labels, others, labels[:N]).measured(of)
    assert own["advantage"]["value"] > 0.8 > 0.4 > loss_threshold(of).measured(of)["advantage"]["value"]


def test_true_positives_are_counted_as_scikit_learn_does(unseen: Samples):
    scores = np.round(-unseen.losses, 1)
    members = unseen.members
    for rate in (0.01, 0.05, 0.3):
        false, true, _ = roc_curve(members, scores, drop_intermediate=False)
        found = true_positives(scores, members, np.ones((1, 2 * N)), rate)
        assert found[0] == pytest.approx(true[false <= rate + 1e-12].max())


def test_logit_is_that_of_the_probability_and_finite():
    assert logit(np.array([np.log(2)]))[0] == pytest.approx(0)
    assert np.isfinite(logit(np.array([0.0, 1e9, -0.1]))).all()


def test_privacy_bounds_the_advantage():
    assert bound(0.0, 0.0) == 0 and bound(np.inf, 0.0) == 1
    assert bound(1.0, 1e-5) == pytest.approx(0.4621, abs=1e-3)
