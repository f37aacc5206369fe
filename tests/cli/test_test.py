from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main
from mmexp.run import summary
from mmexp.run.folder import RunFolder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def run(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_lab(tmp_path_factory.mktemp("test") / "outputs").train("training.epochs=1")


@pytest.fixture(autouse=True)
def here(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outputs are where they are looked for."""
    monkeypatch.chdir(run.path.parents[2])


def test_the_last_run_is_measured_as_strict_json_and_nothing_else(run: RunFolder) -> None:
    shell = [sys.executable, "-m", "mmexp", "test", "last", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(shell, capture_output=True, text=True, timeout=120, check=True, env=environment)
    found = json.loads(done.stdout, parse_constant=pytest.fail)
    known = {key: value for key, value in summary.read(run)["metrics"].items() if key.startswith("test/")}
    assert found == {"run": run.id, "split": "test", "samples": 6, "skipped": 0, "metrics": pytest.approx(known)}
    assert done.stderr == ""


def test_options_and_overrides_may_stand_in_any_order(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "--split", "val", run.id, "--json", "training.batch_size=2", "hardware=cpu"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["split"], found["samples"]) == ("val", 6)
    assert found["metrics"]["val/accuracy"] == pytest.approx(summary.read(run)["metrics"]["val/accuracy"])


def test_the_table_shows_each_metric(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(run.path)]) == 0
    out = capsys.readouterr().out
    assert f"{run.id} on test: 6 samples, 0 skipped" in out
    accuracy = summary.read(run)["metrics"]["test/accuracy"]
    assert f"test/accuracy {accuracy:.3f}" in " ".join(out.split())


def test_each_class_has_its_scores(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(run.path), "--per-class", "--json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    rows = [json.loads(line) for line in run.predictions("test").read_text().splitlines()]
    classes = found["classes"]
    assert [one["class"] for one in classes] == ["b", "g", "r"] and sum(one["samples"] for one in classes) == 6
    right = [sum(row["label"] == row["target"] == one["class"] for row in rows) for one in classes]
    assert [one["recall"] for one in classes] == [number / 2 for number in right]
    assert main(["test", str(run.path), "--per-class"]) == 0
    assert "class samples predicted precision recall F1" in " ".join(capsys.readouterr().out.split())


def test_a_class_without_samples_and_one_unknown_to_training_say_so(
    run: RunFolder, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "0.png").write_bytes((tiny / "0.png").read_bytes())
    (tmp_path / "other.csv").write_text("image,text,label\n0.png,a,r\n0.png,b,猫\n")
    data = ["dataset.root=null", f"dataset.manifest={tmp_path / 'other.csv'}"]
    assert main(["test", str(run.path), *data, "--per-class"]) == 0
    shown = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert any(line.startswith("b no samples") and line.endswith("- -") for line in shown)
    assert any(line.startswith("猫 (not in training) 1 0 - 0.000 0.000") for line in shown)


def test_a_table_that_is_measured_whole_is_told(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "other.csv"
    path.write_text("image,text,label\n0.png,a,r\n1.png,b,g\n")
    for name in ("0.png", "1.png"):
        (tmp_path / name).write_bytes((tiny / name).read_bytes())
    assert main(["test", "last", "dataset.root=null", f"dataset.manifest={path}", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out, parse_constant=pytest.fail)["samples"] == 2
    few = "note: test: 2 samples decide every metric, which says next to nothing."
    assert err == f"{few}\nNo column says which rows are test, so all of them are.\n"


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["last", "fusion=gated"], "as any other would make it another model, got 'fusion'"),
        (["last", "--split", "train"], "argument --split: invalid choice: 'train'"),
        (["nosuch"], "id must name a run in outputs, got 'nosuch'"),
        ([], "the following arguments are required: run"),
        (["last", "--outputs", "elsewhere"], "elsewhere holds none"),
    ],
)
def test_a_wrong_word_is_refused(words: list[str], rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert rule in err
