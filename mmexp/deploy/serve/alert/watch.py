"""Which alerts are on, and when a person is sent what: once when one begins, once when it is over."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mmexp.deploy.serve.alert.history import History, Labels, plain
from mmexp.deploy.serve.alert.rule import MINUTE, Rule, sample_names
from mmexp.deploy.serve.alert.webhook import Webhook, WebhookFailed
from mmexp.deploy.serve.meters import Meters

_EVERY = 5.0  # s between two looks
_KEPT = 10 * MINUTE


@dataclass
class Alert:
    """A rule that is passed for some labels.

    Args:
        begun: When it was first passed, by the clock of the looks.
        date: The same as a date.
        value: That it has now.
    """

    begun: float
    date: str
    value: float


@dataclass(frozen=True)
class Message:
    """What a person is sent of one rule.

    Args:
        rule: That it is of.
        on: Alerts that are on.
        over: Alerts that were sent before, and are over.
    """

    rule: Rule
    on: Mapping[Labels, Alert]
    over: Mapping[Labels, Alert]

    def plain(self) -> dict[str, Any]:
        """Return what a webhook of Alertmanager is sent, as far as it applies: numbers and names of runs only."""
        alerts = [_plain(self.rule, labels, one, "firing") for labels, one in self.on.items()]
        alerts += [_plain(self.rule, labels, one, "resolved") for labels, one in self.over.items()]
        return {"version": "4", "status": "firing" if self.on else "resolved", "alerts": alerts}


class Watch:
    """Follow the rules over time.

    Args:
        rules: Those without values are left out.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = [one for one in rules if one.values is not None]
        self._passed: dict[str, dict[Labels, Alert]] = {one.name: {} for one in self.rules}
        self._sent: dict[str, Mapping[Labels, Alert]] = {one.name: {} for one in self.rules}
        self._tried: dict[str, float] = {}

    def look(self, now: float, history: History) -> None:
        """Take the values of now."""
        for rule in self.rules:
            before, found = self._passed[rule.name], rule.values(history) if rule.values else {}
            passed = {labels: value for labels, value in found.items() if rule.passed(value)}
            for labels, value in passed.items():
                before.setdefault(labels, Alert(now, _now(), value)).value = value
            self._passed[rule.name] = {labels: one for labels, one in before.items() if labels in passed}

    def due(self, now: float) -> list[Message]:
        """Return a message for each rule whose alerts are others than those that were sent.

        A rule is due once a minute at most, counted from the last attempt.
        """
        found = []
        for rule in self.rules:
            on, sent = self._on(rule, now), self._sent[rule.name]
            if on.keys() != sent.keys() and now - self._tried.get(rule.name, -MINUTE) >= MINUTE:
                found.append(Message(rule, on, {key: one for key, one in sent.items() if key not in on}))
                self._tried[rule.name] = now
        return found

    def sent(self, message: Message) -> None:
        """Note that a message was taken."""
        self._sent[message.rule.name] = message.on

    def _on(self, rule: Rule, now: float) -> dict[Labels, Alert]:
        """Return the alerts that have been passed for as long as the rule says."""
        return {key: one for key, one in self._passed[rule.name].items() if now - one.begun >= rule.hold}


class Alarm:
    """Look at the metrics of a server again and again, and send what is due; nothing that fails here goes further.

    Args:
        meters: What is counted.
        rules: All of them.
        webhook: Where messages go.
        every: Seconds between two looks.
    """

    def __init__(self, meters: Meters, rules: Sequence[Rule], webhook: Webhook, every: float = _EVERY) -> None:
        self._meters, self._webhook, self._every = meters, webhook, every
        self._watch, self._history = Watch(rules), History(sample_names(rules), _KEPT)

    async def run(self) -> None:
        """Go on until it is cancelled."""
        while True:
            try:
                await self.look(time.monotonic())
            except Exception as fault:
                logging.getLogger(__name__).warning("The alerts could not be looked at: %s", type(fault).__name__)
            await asyncio.sleep(self._every)

    async def look(self, now: float) -> None:
        """Take the values of now and send what is due."""
        self._history.add(now, self._meters.collect())
        self._watch.look(now, self._history)
        for message in self._watch.due(now):
            try:
                await self._webhook.post(message.plain())
                self._watch.sent(message)
            except WebhookFailed as fault:
                said = "The webhook at %s did not take %s, which is tried again in a minute: %s"
                logging.getLogger(__name__).warning(said, self._webhook.host, message.rule.name, fault)


def _plain(rule: Rule, labels: Labels, alert: Alert, status: str) -> dict[str, Any]:
    summary = rule.summary.replace("{{ $value }}", f"{alert.value:.3g}")
    summary = summary.replace("{{ $labels.run }}", dict(labels).get("run", ""))
    found: dict[str, Any] = {
        "status": status,
        "labels": {"alertname": rule.name, "severity": rule.severity, **plain(labels)},
        "annotations": {"summary": summary},
        "startsAt": alert.date,
        "value": alert.value,
        "threshold": rule.threshold,
    }
    return found if status == "firing" else {**found, "endsAt": _now()}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
