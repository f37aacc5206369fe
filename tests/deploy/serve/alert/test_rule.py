from __future__ import annotations

import pytest

from mmexp.cli.serve import USAGE
from mmexp.deploy.serve.alert.history import History
from mmexp.deploy.serve.alert.rule import Thresholds, read_thresholds, rules, sample_names
from mmexp.deploy.serve.meters import Meters
from mmexp.error import ConfigError


def values(name: str, meters: Meters, after: Meters | None = None) -> dict[str, float]:
    """Values of a rule, by run: of what was counted, or of what was counted since."""
    history = History(sample_names(rules(Thresholds(), 64)), 600)
    history.add(0, Meters().collect())
    history.add(10, meters.collect())
    (rule,) = (one for one in rules(Thresholds(), 64) if one.name == name)
    assert rule.values is not None
    return {dict(labels).get("run", ""): value for labels, value in rule.values(history).items()}


def test_thresholds_are_typed_by_name_and_the_others_stay():
    assert read_thresholds("p95=2,errors=0.05") == Thresholds(p95=2, errors=0.05)
    assert read_thresholds("") == Thresholds()


@pytest.mark.parametrize(("words", "message"), [
    ("p9=2", r"--thresholds must be among errors, .*, got 'p9'\. Did you mean 'p95'\?"),
    ("p95=0", "--thresholds p95 must be a positive number, got '0'"),
    ("p95=fast", "--thresholds p95 must be a positive number, got 'fast'"),
    ("p95=nan", "--thresholds p95 must be a positive number, got 'nan'"),
    ("p95=inf", "--thresholds p95 must be a positive number, got 'inf'"),
    ("p95", "--thresholds p95 must be a positive number, got ''"),
])  # fmt: skip
def test_other_thresholds_are_refused(words: str, message: str):
    with pytest.raises(ConfigError, match=message):
        read_thresholds(words)


def test_the_help_says_the_thresholds_that_there_are():
    said = ",".join(f"{name}={value:g}" for name, value in vars(Thresholds()).items())
    assert f"default: {said}\n" in USAGE


def test_a_share_of_the_requests_has_failed():
    meters = Meters()
    assert values("MmexpErrors", meters) == {}
    for status in (200, 200, 422, 503):
        meters.count("pets", status, "", 0.01)
    assert values("MmexpErrors", meters) == {"": 0.25}


def test_a_run_is_slow_by_itself_and_explanations_do_not_count():
    meters = Meters()
    for _ in range(100):
        meters.count("slow", 200, "", 2.0, "predict")
        meters.count("fast", 200, "", 0.004, "predict")
        meters.count("fast", 200, "", 9.0, "explain")
    found = values("MmexpSlow", meters)
    assert found["fast"] < 0.005 < 1 < found["slow"] <= 2.5


def test_workers_queue_and_drift_are_read_off():
    meters, waiting = Meters(), [50]
    meters.watch(lambda: waiting[0], lambda: 2)
    meters.restarts.inc(5)
    meters.psi.labels("pets").set(0.3)
    meters.ks.labels("pets").set(0.1)
    assert values("MmexpNoWorker", meters) == {"": 2} and values("MmexpQueueFull", meters) == {"": 50}
    assert values("MmexpWorkersDie", meters) == {"": 5}
    assert values("MmexpPredictionDrift", meters) == {"pets": 0.3} and values("MmexpScoreDrift", meters) == {
        "pets": 0.1
    }


def test_a_threshold_is_passed_from_the_right_side():
    by_name = {one.name: one for one in rules(Thresholds(queue=0.5), 10)}
    assert by_name["MmexpNoWorker"].passed(0) and not by_name["MmexpNoWorker"].passed(1)
    assert by_name["MmexpQueueFull"].passed(6) and not by_name["MmexpQueueFull"].passed(5)
    assert "more than 10 are refused" in by_name["MmexpQueueFull"].summary
