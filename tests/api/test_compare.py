from __future__ import annotations

import json
from pathlib import Path

import pytest

import mmexp
from mmexp.cli import main
from mmexp.error import ConfigError
from mmexp.run import provenance, summary
from mmexp.run.folder import RunFolder


def finished(outputs: Path, fusion: str, seed: int, accuracy: float, inputs: tuple[str, ...] = ("image", "text")):
    choices = {"task": "classification", "dataset": "scenes", "fusion": fusion, "inputs": list(inputs), "seed": seed}
    folder = RunFolder.create(outputs, f"classification-{fusion}")
    provenance.begin(folder, command=["mmexp", "train"], seed=seed, config=choices)
    judged = {"monitor": "val/accuracy", "mode": "max", "config": choices, "fingerprint": "ab", "alone": ["image"]}
    metrics = {"val/accuracy": accuracy, "test/accuracy": accuracy}
    summary.write(folder, {"status": "done", "metrics": metrics, "seconds": {}, "parameters": {}, **judged})
    provenance.finish(folder, "done", seconds=1.0)
    return folder


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    for seed, level in enumerate((0.80, 0.82, 0.84)):
        finished(tmp_path, "sum", seed, level)
        finished(tmp_path, "gated", seed, level + 0.05)
        finished(tmp_path, "none", seed, level - 0.1, ("image",))
    return tmp_path


def test_the_best_group_comes_first(outputs: Path):
    groups = mmexp.compare(outputs=outputs)
    assert [(one["config"]["fusion"], one["n"]) for one in groups] == [("gated", 3), ("sum", 3), ("none", 3)]
    assert groups[0]["metrics"]["test/accuracy"]["mean"] == pytest.approx(0.87)


def test_it_returns_what_the_command_prints_as_json(outputs: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["compare", "--json", "--outputs", str(outputs)]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(mmexp.compare(outputs=outputs)))


def test_baselines_are_found_beside_the_runs_that_are_compared(outputs: Path):
    gated = list((outputs / "classification-gated").iterdir())
    (group,) = mmexp.compare(*map(mmexp.load_run, gated))
    assert group["verdict"]["outcome"] == "better" and group["verdict"]["baseline"] == "image"


def test_it_groups_by_keys_and_ranks_by_a_metric(outputs: Path):
    (group,) = mmexp.compare(outputs / "classification-sum", by=["task"], metric="val/accuracy")
    assert group["config"] == {"task": "classification"} and group["n"] == 3
    with pytest.raises(ConfigError, match="--metric must name what the runs have, got 'f1'"):
        mmexp.compare(outputs=outputs, metric="f1")


def test_outputs_without_runs_are_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match=f"outputs must hold runs, got none in {tmp_path}"):
        mmexp.compare(outputs=tmp_path)
