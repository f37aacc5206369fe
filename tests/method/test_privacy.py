from __future__ import annotations

import math

import pytest

from mmexp.error import ConfigError
from mmexp.method.privacy import Privacy, noise_for

accountants = pytest.importorskip("opacus.accountants", reason="the extra private is not installed")


@pytest.mark.filterwarnings("ignore:Optimal order")
@pytest.mark.parametrize(("name", "own"), [("rdp", "RDPAccountant"), ("prv", "PRVAccountant")])
def test_epsilon_is_that_of_an_accountant_which_was_told_of_each_step(name, own):
    accountant = getattr(accountants, own)()
    for _ in range(30):
        accountant.step(noise_multiplier=1.5, sample_rate=0.05)
    expected = accountant.get_epsilon(delta=1e-3)
    found = Privacy(noise_multiplier=1.5, sample_rate=0.05, delta=1e-3, accountant=name).epsilon(30)
    assert found == expected and 0 < found < 5


def test_without_noise_epsilon_is_infinite_and_without_steps_zero():
    assert Privacy(0.0, 0.1, 1e-3, "prv").epsilon(3) == math.inf
    assert Privacy(1.0, 0.1, 1e-3, "prv").epsilon(0) == 0.0


@pytest.mark.filterwarnings("ignore:Optimal order")
def test_the_noise_for_an_epsilon_costs_at_most_that():
    noise = noise_for(2.0, delta=1e-3, sample_rate=0.05, steps=100, accountant="rdp")
    accountant = accountants.RDPAccountant()
    for _ in range(100):
        accountant.step(noise_multiplier=noise, sample_rate=0.05)
    assert 1.99 <= accountant.get_epsilon(delta=1e-3) <= 2.0


def test_an_epsilon_for_which_no_noise_is_enough_is_refused(monkeypatch):
    def fails(**wanted):
        raise ValueError("The privacy budget is too low.")

    monkeypatch.setattr("opacus.accountants.utils.get_noise_multiplier", fails)
    with pytest.raises(ConfigError, match=r"must be one that accountant rdp finds a noise for, got 1e-09"):
        noise_for(1e-9, delta=1e-3, sample_rate=0.5, steps=100, accountant="rdp")
