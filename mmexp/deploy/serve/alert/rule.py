"""What is warned of, and from which value on: the one place for Prometheus and the webhook."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal

from mmexp.deploy.serve.alert.history import History, Values, quantile, summed
from mmexp.error import ConfigError, nearest

MINUTE = 60.0


@dataclass(frozen=True)
class Thresholds:
    """Values above which a person is warned.

    Args:
        errors: Share of the requests that are answered 5xx, within 5 minutes.
        queue: Share of the places of the queue that are taken, the most within 5 minutes.
        p95: Seconds that 95 % of the answers take at most, within 5 minutes.
        psi: Population stability index of the predicted classes.
        ks: Kolmogorov-Smirnov statistic of the scores.
        z: Standard deviations by which the mean of an input has moved, within an hour.
        restarts: Workers that were started again within 10 minutes.
    """

    errors: float = 0.01
    queue: float = 0.75
    p95: float = 1.0
    psi: float = 0.25
    ks: float = 0.2
    z: float = 1.0
    restarts: float = 3.0


@dataclass(frozen=True)
class Rule:
    """One warning.

    Args:
        name: Of the alert.
        expression: Of PromQL; the alert is on where it is above the threshold.
        threshold: That must not be passed.
        hold: Seconds for which it must be passed.
        severity: ``page`` wakes somebody, a ``ticket`` waits.
        summary: For a person; ``{{ $value }}`` and ``{{ $labels.run }}`` are filled in.
        values: The same as the expression, by the labels of its result; None where the webhook leaves it out.
        below: Whether it is on below the threshold.
    """

    name: str
    expression: str
    threshold: float
    hold: float
    severity: Literal["page", "ticket"]
    summary: str
    values: Callable[[History], Values] | None
    below: bool = False

    def passed(self, value: float) -> bool:
        """Whether a value is one to warn of."""
        return value < self.threshold if self.below else value > self.threshold


def rules(thresholds: Thresholds, queue: int) -> list[Rule]:
    """Return all rules.

    Args:
        thresholds: That must not be passed.
        queue: Requests that the queue holds.
    """
    seconds = "rate(mmexp_request_seconds_bucket[5m])"
    answers = 'sum(rate(mmexp_requests_total{status=~"5.."}[5m])) / sum(rate(mmexp_requests_total[5m]))'
    drawn = (
        '(increase(mmexp_input_sum{statistic=~".*[.]z"}[1h]) / increase(mmexp_input_count{statistic=~".*[.]z"}[1h]))'
    )
    run = "{{ $labels.run }}"
    return [
        Rule("MmexpNoWorker", "mmexp_workers_ready", 1, MINUTE, "page", "No worker of mmexp serve is ready.",
             lambda own: own.latest("mmexp_workers_ready"), below=True),
        Rule("MmexpWorkersDie", "increase(mmexp_worker_restarts_total[10m])", thresholds.restarts, 0, "page",
             "Workers were started again {{ $value }} times within 10 minutes.",
             lambda own: own.increase("mmexp_worker_restarts_total", 10 * MINUTE)),
        Rule("MmexpQueueFull", "max_over_time(mmexp_queue_length[5m])", thresholds.queue * queue, 5 * MINUTE, "page",
             f"{{{{ $value }}}} requests wait; more than {queue} are refused. Add workers.",
             lambda own: own.most("mmexp_queue_length", 5 * MINUTE)),
        Rule("MmexpErrors", answers, thresholds.errors, 5 * MINUTE, "page",
             f"More than {100 * thresholds.errors:g} % of the requests fail.", _errors),
        Rule("MmexpSlow", f"histogram_quantile(0.95, sum by (le, run) ({seconds}))", thresholds.p95, 10 * MINUTE,
             "ticket", f"95 % of the answers of {run} take up to {{{{ $value }}}} s.", _p95),
        Rule("MmexpPredictionDrift", "mmexp_prediction_psi", thresholds.psi, 30 * MINUTE, "ticket",
             f"The classes that {run} predicts are others than at its evaluation.",
             lambda own: own.latest("mmexp_prediction_psi")),
        Rule("MmexpScoreDrift", "mmexp_score_ks", thresholds.ks, 30 * MINUTE, "ticket",
             f"The scores of {run} are others than at its evaluation.", lambda own: own.latest("mmexp_score_ks")),
        Rule("MmexpInputDrift", f"abs{drawn}", thresholds.z, 30 * MINUTE, "ticket",
             f"{{{{ $labels.statistic }}}} of {run} has moved by more than its standard deviation.", None),
    ]  # fmt: skip


def sample_names(rules: Iterable[Rule]) -> set[str]:
    """Return the samples that the expressions of the rules with values are made of."""
    return {name for rule in rules if rule.values for name in re.findall(r"mmexp_\w+", rule.expression)}


def read_thresholds(words: str) -> Thresholds:
    """Read thresholds as they are typed, such as ``p95=2,errors=0.05``; the others are the defaults.

    Raises:
        ConfigError: If there is no such threshold, or it is no positive number.
    """
    known: Sequence[str] = [one.name for one in fields(Thresholds)]
    found: dict[str, float] = {}
    for word in filter(None, words.split(",")):
        name, _, text = word.partition("=")
        if name not in known:
            rule = f"serve: --thresholds must be among {', '.join(known)}, got {name!r}"
            raise ConfigError(f"{rule}. {nearest(name, known)}")
        try:
            found[name] = float(text)
        except ValueError:
            found[name] = 0.0
        if not 0 < found[name] < float("inf"):
            raise ConfigError(f"serve: --thresholds {name} must be a positive number, got {text!r}.")
    return replace(Thresholds(), **found)


def _errors(history: History) -> Values:
    risen = history.increase("mmexp_requests_total", 5 * MINUTE)
    every = summed(risen, ()).get((), 0.0)
    failed = summed(risen, (), lambda labels: labels["status"].startswith("5")).get((), 0.0)
    return {(): failed / every} if every > 0 else {}


def _p95(history: History) -> Values:
    return quantile(0.95, summed(history.increase("mmexp_request_seconds_bucket", 5 * MINUTE), ("le", "run")))
