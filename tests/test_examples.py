"""The scripts in docs/examples run from beginning to end, and the files for a cluster ask for what there is."""

from __future__ import annotations

import json
import os
import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[1] / "docs/examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda path: path.stem)
def names(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an example has defined in the end; its current folder, and its cache, are temporary."""
    folder = tmp_path_factory.mktemp(request.param.stem)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MMEXP_CACHE", str(folder / "cache"))
        patch.setattr(os, "fsync", lambda handle: None)
        return runpy.run_path(str(request.param), run_name="__main__")


def test_an_example_says_what_it_is(names: dict[str, Any]):
    assert names["__doc__"]


def test_all_runs_of_an_example_are_compared(names: dict[str, Any]):
    assert len(names["runs"]) > 1 and [run.status for run in names["runs"]] == ["done"] * len(names["runs"])
    assert sorted(i for group in names["groups"] for i in group["runs"]) == sorted(run.id for run in names["runs"])


def test_an_example_predicts_a_row_for_each_sample(names: dict[str, Any]):
    assert [row["id"] for row in names["rows"]] == ["0", "ball"]


def test_the_loop_of_an_example_learns(names: dict[str, Any]):
    assert names["losses"][-1] < names["losses"][0] / 20


def kubernetes() -> dict[str, Any]:
    """Objects of the manifest by their kind."""
    return {one["kind"]: one for one in yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text())}


def test_the_autoscaler_asks_for_a_metric_that_the_server_has():
    from mmexp.deploy.serve.meters import Meters

    there = set(re.findall(r"^# TYPE (mmexp_\w+) ", Meters().text().decode(), re.MULTILINE))
    found = kubernetes()
    scaled = [one["pods"]["metric"]["name"] for one in found["HorizontalPodAutoscaler"]["spec"]["metrics"]]
    (rule,) = yaml.safe_load(found["ConfigMap"]["data"]["config.yaml"])["rules"]
    assert scaled == ["mmexp_queue_length"] == [rule["name"]["as"]]
    assert set(re.findall(r"mmexp_\w+", (FOLDER / "kubernetes.yaml").read_text())) <= there


def test_the_container_is_started_as_serve_takes_it_and_reached_where_it_listens(monkeypatch: pytest.MonkeyPatch):
    from mmexp.cli import main

    seen: list[Any] = []
    monkeypatch.setattr("mmexp.cli.serve._serve", lambda given: seen.append(given) or 0)
    (pod,) = kubernetes()["Deployment"]["spec"]["template"]["spec"]["containers"]
    command = json.loads(re.findall(r"^CMD (.*)$", (FOLDER / "Containerfile").read_text(), re.MULTILINE)[0])
    assert main(pod["args"]) == 0 and main(command) == 0
    given, alone = seen
    assert given.host == "0.0.0.0" and given.tokens is not None and alone.host == "127.0.0.1"
    assert pod["ports"] == [{"name": "http", "containerPort": given.port}]
    mounted = [one["mountPath"] for one in pod["volumeMounts"]]
    written = [str(given.tokens), str(given.audit), given.outputs]
    assert all(any(path.startswith(f"{place}/") for place in mounted) for path in written)


def test_probes_ask_addresses_that_the_server_answers_without_a_token():
    from mmexp.deploy.serve.openapi import openapi

    (pod,) = kubernetes()["Deployment"]["spec"]["template"]["spec"]["containers"]
    asked = {pod[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert asked == {"/health", "/ready"} and asked <= set(openapi({}, tokens=True)["paths"])


def test_the_grace_of_a_pod_is_longer_than_what_is_in_flight_may_take():
    from mmexp.deploy.serve.limits import Limits

    limits, spec = Limits(), kubernetes()["Deployment"]["spec"]["template"]["spec"]
    assert spec["terminationGracePeriodSeconds"] > limits.receive + limits.answer
    selected = kubernetes()["Service"]["spec"]["selector"]
    assert selected == kubernetes()["Deployment"]["spec"]["template"]["metadata"]["labels"]


def test_the_container_copies_what_is_there_and_installs_extras_that_there_are():
    text, root = (FOLDER / "Containerfile").read_text(), FOLDER.parents[1]
    copied = [word for line in re.findall(r"^COPY (.*)$", text, re.MULTILINE) for word in line.split()[:-1]]
    assert [name for name in copied if not (root / name).exists()] == ["package"]
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(re.findall(r"/src\[([\w,]+)\]", text)[0].split(",")) <= set(extras)
