"""Differential privacy of the steps of training."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mmexp.error import ConfigError


@dataclass(frozen=True)
class Privacy:
    """Account for steps that each add Gaussian noise to the clipped gradients of a Poisson sample.

    Epsilon is that of Opacus' accountants. Two data sets count as neighbours if one has a sample more.

    Source: Abadi et al. 2016, "Deep Learning with Differential Privacy", https://arxiv.org/abs/1607.00133; ``prv``:
    Gopi et al. 2021, "Numerical Composition of Differential Privacy", https://arxiv.org/abs/2106.02848; ``rdp``:
    Mironov et al. 2019, "Renyi Differential Privacy of the Sampled Gaussian Mechanism",
    https://arxiv.org/abs/1908.10530.

    Args:
        noise_multiplier: Standard deviation of the noise over the norm that gradients are clipped at; 0 adds none.
        sample_rate: Probability of a sample to be in a batch.
        delta: Probability with which epsilon may not hold.
        accountant: ``prv`` or ``rdp``.

    Example:
        >>> Privacy(noise_multiplier=0.0, sample_rate=0.1, delta=1e-3, accountant="prv").epsilon(10)
        inf
    """

    noise_multiplier: float
    sample_rate: float
    delta: float
    accountant: str

    def epsilon(self, steps: int) -> float:
        """Return epsilon after some steps; infinite without noise."""
        from opacus.accountants import create_accountant

        if not steps:
            return 0.0
        if not self.noise_multiplier:
            return math.inf
        accountant = create_accountant(mechanism=self.accountant)
        accountant.history = [(self.noise_multiplier, self.sample_rate, steps)]
        with _without_advice():
            return float(accountant.get_epsilon(delta=self.delta))


def noise_for(epsilon: float, *, delta: float, sample_rate: float, steps: int, accountant: str) -> float:
    """Return the noise multiplier with which all steps together cost epsilon, or at most 0.01 less.

    Args:
        epsilon: Wanted.
        delta: Probability with which epsilon may not hold.
        sample_rate: Probability of a sample to be in a batch.
        steps: Of the whole run.
        accountant: ``prv`` or ``rdp``.

    Raises:
        ConfigError: If the accountant finds none.
    """
    from opacus.accountants.utils import get_noise_multiplier

    wanted: dict[str, Any] = {"target_epsilon": epsilon, "target_delta": delta, "sample_rate": sample_rate}
    try:
        with _without_advice():
            return float(get_noise_multiplier(**wanted, steps=steps, accountant=accountant))
    except (ValueError, RuntimeError, OverflowError) as fault:
        rule = f"method.epsilon must be one that accountant {accountant} finds a noise for, got {epsilon}"
        raise ConfigError(f"{rule}: {fault}", "Set another method.epsilon, or method.accountant=rdp.") from fault


@contextmanager
def _without_advice() -> Iterator[None]:
    """Ignore that a bound could be tighter, and what overflows on the way to one: what is returned is still a bound."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Optimal order is the")
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        yield
