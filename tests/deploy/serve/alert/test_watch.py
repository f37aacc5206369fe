from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from mmexp.deploy.serve.alert.history import History
from mmexp.deploy.serve.alert.rule import Rule, Thresholds, rules, sample_names
from mmexp.deploy.serve.alert.watch import Alarm, Message, Watch
from mmexp.deploy.serve.alert.webhook import Webhook, WebhookFailed
from mmexp.deploy.serve.exchange import Answer
from mmexp.deploy.serve.meters import Meters

SAID = "{{ $labels.run }} has {{ $value }}."
DRIFT = Rule("Drift", "x", 0.25, 60, "ticket", SAID, lambda own: own.latest("mmexp_prediction_psi"))


class Followed:
    """A rule that is looked at every ten seconds; what is due is taken, or is not."""

    def __init__(self, taken: bool = True) -> None:
        self.meters, self.watch, self.history = (
            Meters(),
            Watch([DRIFT]),
            History(sample_names(rules(Thresholds(), 64)), 600),
        )
        self.now, self.taken, self.messages = 0.0, taken, []  # type: ignore[var-annotated]

    def go(self, seconds: float, **values: float) -> list[Any]:
        """Messages that are due while runs have these values."""
        for run, value in values.items():
            self.meters.psi.labels(run).set(value)
        found = []
        for _ in range(int(seconds / 10)):
            self.now += 10
            self.history.add(self.now, self.meters.collect())
            self.watch.look(self.now, self.history)
            for message in self.watch.due(self.now):
                found.append(message.plain())
                if self.taken:
                    self.watch.sent(message)
        return found


def statuses(messages: list[Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(one["status"], [(a["labels"]["run"], a["status"]) for a in one["alerts"]]) for one in messages]


def test_one_message_is_sent_when_an_alert_begins_and_one_when_it_is_over() -> None:
    own = Followed()
    assert own.go(50, pets=0.5) == [] and own.go(100, pets=0.1) == []  # not for long enough
    (begun,) = own.go(600, pets=0.5)
    (alert,) = begun["alerts"]
    assert (begun["version"], begun["status"], alert["status"]) == ("4", "firing", "firing")
    assert alert["labels"] == {"alertname": "Drift", "severity": "ticket", "run": "pets"}
    assert (alert["value"], alert["threshold"]) == (0.5, 0.25) and "endsAt" not in alert
    assert alert["annotations"] == {"summary": "pets has 0.5."}
    (over,) = own.go(600, pets=0.2)
    assert statuses([over]) == [("resolved", [("pets", "resolved")])] and over["alerts"][0]["endsAt"]


def test_runs_of_one_rule_go_together_and_a_rule_has_one_message_a_minute() -> None:
    own = Followed()
    assert statuses(own.go(80, a=0.5)) == [("firing", [("a", "firing")])]
    assert statuses(own.go(60, a=0.1, b=0.5, c=0.5)) == [("resolved", [("a", "resolved")])]  # a minute later
    assert statuses(own.go(70)) == [("firing", [("b", "firing"), ("c", "firing")])]
    times = []
    for i in range(60):
        times += [own.now for _ in own.go(10, b=0.5 if i % 2 else 0.1)]
    assert all(later - sooner >= 60 for sooner, later in pairwise(times))


def test_a_message_that_is_not_taken_is_tried_again_a_minute_later() -> None:
    own = Followed(taken=False)
    assert len(own.go(70, pets=0.5)) == 1
    assert len(own.go(50)) == 0 and len(own.go(10)) == 1
    own.taken = True
    assert len(own.go(60)) == 1 and own.go(600) == []


class Receiver(Webhook):
    def __init__(self, fault: Exception | None = None) -> None:
        super().__init__("http://hook.example/secret-path")
        self.taken: list[Any] = []
        self.fault = fault

    async def post(self, message: Any) -> None:
        if self.fault:
            raise self.fault
        self.taken.append(message)


def looked(alarm: Alarm, minutes: int) -> None:
    async def look() -> None:
        for minute in range(minutes):
            await alarm.look(60.0 * minute)

    asyncio.run(look())


def failing() -> Meters:
    """A server all of whose requests fail, and which predicts other classes than at its evaluation."""
    meters = Meters()
    for _ in range(100):
        meters.count("pets", 500, "internal", 0.01, "predict")
    return meters


def test_what_is_counted_becomes_a_message_without_anything_of_a_request(make: Any) -> None:
    receiver = Receiver()
    served = make(lambda payloads: [Answer(500, {"error": {"code": "x", "message": "my diary"}}) for _ in payloads])
    alarm = Alarm(served.dispatcher.meters, rules(Thresholds(), 64), receiver)
    asyncio.run(alarm.look(0.0))
    for minute in range(1, 12):
        served.ask(text="my diary")
        asyncio.run(alarm.look(60.0 * minute))
    names = [one["labels"]["alertname"] for message in receiver.taken for one in message["alerts"]]
    assert names == ["MmexpErrors"]
    assert "diary" not in str(receiver.taken) and "text" not in str(receiver.taken)


def test_a_webhook_that_fails_is_said_without_its_address_and_hurts_nothing(caplog: pytest.LogCaptureFixture) -> None:
    looked(Alarm(failing(), rules(Thresholds(), 64), Receiver(WebhookFailed("status 500"))), 7)
    assert "The webhook at hook.example did not take MmexpNoWorker" in caplog.text and "secret-path" not in caplog.text


def test_a_fault_of_our_own_does_not_end_the_watch(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> int:
        looks = []

        class Broken(Meters):
            def collect(self) -> Any:
                looks.append(1)
                raise ZeroDivisionError("my diary")

        task = asyncio.create_task(Alarm(Broken(), rules(Thresholds(), 64), Receiver(), every=0).run())
        while len(looks) < 3:
            await asyncio.sleep(0)
        task.cancel()
        return len(looks)

    assert asyncio.run(run()) == 3
    assert "could not be looked at: ZeroDivisionError" in caplog.text and "diary" not in caplog.text


def test_an_alert_without_a_run_says_so() -> None:
    (rule,) = (one for one in rules(Thresholds(), 64) if one.name == "MmexpErrors")
    watch, history = Watch([rule]), History(sample_names(rules(Thresholds(), 64)), 600)
    history.add(0, Meters().collect())
    history.add(1, failing().collect())
    watch.look(1, history)
    watch.look(400, history)
    (message,) = watch.due(400)
    assert isinstance(message, Message) and "run" not in message.plain()["alerts"][0]["labels"]
