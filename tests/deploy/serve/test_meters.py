from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from mmexp.deploy.serve.exchange import Answer, Description, Payload
from mmexp.deploy.serve.meters import Meters

RULES = Path(__file__).parents[3] / "docs/examples/alerts.yaml"


def value(meters: Meters, name: str) -> float | None:
    found = re.search(rf"^mmexp_{name}\{{.*\}} (\S+)$", meters.text().decode(), re.MULTILINE)
    return float(found[1]) if found else None


def predicted(label: str, score: float) -> Answer:
    return Answer(200, {"id": "a", "label": label, "score": score}, {"text.words": 4.0})


def test_predictions_like_those_of_the_evaluation_do_not_drift_and_others_do(description: Description) -> None:
    meters = Meters()
    meters.expect({"pets": description})
    for i in range(60):
        meters.observe("pets", predicted("cat" if i % 2 else "dog", i / 60))
    assert (value(meters, "prediction_psi"), value(meters, "score_ks")) == (pytest.approx(0), pytest.approx(0))
    for _ in range(2000):
        meters.observe("pets", predicted("cat", 0.99))
    assert value(meters, "prediction_psi") > 1 and value(meters, "score_ks") > 0.9


def test_too_few_predictions_say_nothing(description: Description) -> None:
    meters = Meters()
    meters.expect({"pets": Description("x", "Classification", []), "cars": description})
    for _ in range(29):
        meters.observe("pets", predicted("cat", 0.9))
        meters.observe("cars", predicted("cat", 0.9))
    assert value(meters, "prediction_psi") is None and value(meters, "score_ks") is None


def test_what_a_private_training_has_cost_is_shown() -> None:
    meters = Meters()
    meters.expect({"pets": Description("x", "Classification", [], epsilon=3.5)})
    assert value(meters, "privacy_epsilon") == 3.5


def test_batches_inputs_and_times_are_counted(make: Callable[..., Any]) -> None:
    served = make()
    served.ask(text="a b")
    text = served.client.get("/metrics").text
    assert 'mmexp_batch_size_count{run="pets"} 1.0' in text
    assert 'mmexp_input_sum{run="pets",statistic="text.words"} 2.0' in text
    assert 'mmexp_request_seconds_count{run="pets"} 1.0' in text
    assert "mmexp_workers_ready 1.0" in text and "mmexp_queue_length 0.0" in text


def test_each_alert_asks_for_a_number_that_there_is(make: Callable[..., Any]) -> None:
    def act(payloads: Sequence[Payload]) -> list[Answer]:
        return [predicted("cat", 0.5)] * len(payloads)

    served = make(act)
    for _ in range(30):
        served.ask(text="a")
    names = set(re.findall(r"^(mmexp_\w+)", served.client.get("/metrics").text, re.MULTILINE))
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    assert group["rules"]
    for rule in group["rules"]:
        assert {"alert", "expr", "for", "labels", "annotations"} == set(rule)
        asked = re.findall(r"mmexp_\w+", rule["expr"])
        assert asked and not set(asked) - names, rule["alert"]
