from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from mmexp.cli import main
from mmexp.deploy.serve.alert.history import History
from mmexp.deploy.serve.alert.prometheus import alert_rules
from mmexp.deploy.serve.alert.rule import Thresholds, rules, sample_names
from mmexp.deploy.serve.alert.watch import Watch
from mmexp.deploy.serve.meters import Meters

EXAMPLE = Path(__file__).parents[4] / "docs/examples/alerts.yaml"


def promtool(*words: str) -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed; Debian's package prometheus has it")
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_command_writes_the_example_that_the_guide_names(tmp_path: Path):
    assert main(["serve", "--alert-rules", str(tmp_path / "alerts.yaml")]) == 0
    assert (tmp_path / "alerts.yaml").read_text() == EXAMPLE.read_text()


def test_queue_and_thresholds_are_those_that_are_typed(tmp_path: Path):
    path = tmp_path / "alerts.yaml"
    assert main(["serve", "--alert-rules", str(path), "--queue", "10", "--thresholds", "queue=0.5,p95=3"]) == 0
    (group,) = yaml.safe_load(path.read_text())["groups"]
    by_name = {one["alert"]: one for one in group["rules"]}
    assert by_name["MmexpQueueFull"]["expr"].endswith("> 5") and by_name["MmexpSlow"]["expr"].endswith("> 3")


def test_each_expression_asks_for_metrics_that_there_are():
    ends = ("", "_total", "_bucket", "_sum", "_count")
    there = {f"{metric.name}{end}" for metric in Meters().collect() for end in ends}
    for rule in rules(Thresholds(), 64):
        names = set(re.findall(r"mmexp_\w+", rule.expression))
        assert names and names <= there, rule.name
        assert sample_names([rule]) == (names if rule.values else set())


def test_prometheus_takes_the_file(tmp_path: Path):
    (tmp_path / "alerts.yaml").write_text(alert_rules(rules(Thresholds(), 64)))
    promtool("check", "rules", str(tmp_path / "alerts.yaml"))


def fed(errors: int, seconds: float, queue: int, minutes: int) -> dict[int, set[str]]:
    """Alerts that the webhook has on after each minute, where each minute brings 100 requests and so many errors."""
    meters, watch, history, on = (
        Meters(),
        Watch(rules(Thresholds(), 64)),
        History(sample_names(rules(Thresholds(), 64)), 600),
        {},
    )
    meters.watch(lambda: queue, lambda: 1)
    history.add(-1, meters.collect())
    for minute in range(minutes):
        for i in range(100):
            meters.count("pets", 500 if i < errors else 200, "", seconds, "predict")
        history.add(60.0 * minute, meters.collect())
        watch.look(60.0 * minute, history)
        on[minute] = {one.name for one in watch.rules if watch._on(one, 60.0 * minute)}
    return on


def test_prometheus_has_the_same_alerts_on_at_the_same_time(tmp_path: Path):
    on = fed(errors=5, seconds=2.0, queue=60, minutes=20)
    names = ("MmexpErrors", "MmexpSlow", "MmexpQueueFull")
    (tmp_path / "alerts.yaml").write_text(alert_rules(rules(Thresholds(), 64)))
    bounds = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
    series = [(f'mmexp_request_seconds_bucket{{run="pets",le="{le}"}}', 100 if le >= 2 else 0) for le in bounds]
    series += [('mmexp_request_seconds_bucket{run="pets",le="+Inf"}', 100)]
    series += [(f'mmexp_requests_total{{run="pets",status="{status}"}}', n) for status, n in ((200, 95), (500, 5))]
    inputs = [{"series": name, "values": f"0+{step}x20"} for name, step in series]
    inputs += [{"series": "mmexp_queue_length", "values": "60x20"}, {"series": "mmexp_workers_ready", "values": "1x20"}]
    for minute in (3, 8, 18):
        wanted = {name for name in names if name in on[minute]}
        tests = [_case(minute, name, name in wanted) for name in names]
        case = {"rule_files": ["alerts.yaml"], "evaluation_interval": "1m"}
        case["tests"] = [{"interval": "1m", "input_series": inputs, "alert_rule_test": tests}]
        (tmp_path / "test.yaml").write_text(yaml.safe_dump(case))
        promtool("test", "rules", str(tmp_path / "test.yaml"))
    assert on[18] == {*names} and on[3] == set()


def _case(minute: int, name: str, is_on: bool) -> dict[str, object]:
    """What Prometheus is to say of an alert, whose annotations are those that it writes itself."""
    labels = {"severity": "ticket", "run": "pets"} if name == "MmexpSlow" else {"severity": "page"}
    said = {
        "MmexpErrors": "More than 1 % of the requests fail.",
        "MmexpSlow": "95 % of the answers of pets take up to 2.425 s.",
        "MmexpQueueFull": "60 requests wait; more than 64 are refused. Add workers.",
    }
    found = [{"exp_labels": labels, "exp_annotations": {"summary": said[name]}}] if is_on else []
    return {"eval_time": f"{minute}m", "alertname": name, "exp_alerts": found}
