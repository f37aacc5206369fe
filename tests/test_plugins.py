"""A method, a logger, a callback and a metric from a folder outside the package, with no file of it edited."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main
from mmexp.error import ConfigError
from mmexp.run.metrics import read_metrics

PARTS = """
import json

import torch
from pytorch_lightning import Callback

from mmexp.logger.base import Logger
from mmexp.method.base import Method
from mmexp.metric.row import RowMetric


class Decay(Callback):
    def __init__(self, method):
        self.method = method

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.method.strength *= 0.5


class Sparse(Method):
    \"\"\"Adds the mean absolute weight of the head to the loss, which its own callback halves every step.\"\"\"

    def __init__(self, *, strength: float) -> None:
        self.strength = strength

    def prepare(self, model):
        model.requires_grad_(True)
        model.encoders.requires_grad_(False)

    def losses(self, model, outputs, batch):
        return {"sparse": self.strength * sum(weight.abs().mean() for weight in model.task.parameters())}

    def callbacks(self):
        return [Decay(self)]


class Diary(Logger):
    def __init__(self, *, file: str) -> None:
        self.file = file

    def _write(self, **entry):
        with open(self.file, "a") as file:
            file.write(json.dumps(entry) + "\\n")

    def start(self, folder, config, parameters):
        self._write(run=folder.id, strength=config["method"]["strength"], trained=parameters["trained"])

    def log(self, row):
        self._write(**row)

    def finish(self, status, summary):
        self._write(status=status, monitor=summary["monitor"])


class Unreachable(Logger):
    def log(self, row):
        raise ConnectionError("no route to host")


class Step(Callback):
    def __init__(self, *, scale: float) -> None:
        self.scale = scale

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        pl_module.log("train/scaled_step", self.scale * trainer.global_step, batch_size=1)


class Rows(RowMetric):
    \"\"\"The number of samples, to see that each is evaluated once.\"\"\"

    higher_is_better = False

    def __init__(self) -> None:
        super().__init__()
        self.add_state("count", torch.tensor(0.0), dist_reduce_fx="sum")

    def update(self, rows):
        self.count += len(rows)

    def compute(self):
        return self.count
"""
YAMLS = {
    "method/sparse": "_target_: own_parts.Sparse\nstrength: 0.1\n",
    "logger/diary": "diary:\n  _target_: own_parts.Diary\n  file: diary.jsonl\n",
    "callback/step": "step:\n  _target_: own_parts.Step\n  scale: 10.0\n",
    "metric/rows": "rows:\n  _target_: own_parts.Rows\n",
}
ALL = ["method=sparse", "logger=[files,diary]", "callback=step", "metric=[rows,cohen_kappa]", "method.strength=0.5"]
F1 = "{_target_: torchmetrics.classification.MulticlassF1Score, num_classes: 3, average: macro}"
COLUMNS = "preds: label, target: target, classes: [b, g, r]"
INLINE = f"{{_target_: mmexp.metric.column.ColumnMetric, {COLUMNS}, base_metric: {F1}}}"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "lab"
    for name, text in YAMLS.items():
        path = folder / "conf" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "own_parts.py").write_text(PARTS)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    monkeypatch.delitem(sys.modules, "own_parts", raising=False)
    return folder


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_method_a_logger_a_callback_and_metrics_of_ones_own_do_their_work_in_one_run(lab, own):
    words = ["plugins=[own_parts]", *ALL, f"+metric.f1_again={INLINE}", "training.log_every=1", "training.epochs=2"]
    folder = lab.train(*words)
    written = read_metrics(folder.metrics)
    steps = [row for row in written if "train/loss" in row]
    sparse = [row["train/sparse"] for row in steps]
    assert len(sparse) == 8 and all(0.4 < later / sooner < 0.6 for sooner, later in pairwise(sparse))
    assert all(row["train/loss"] == pytest.approx(row["train/class"] + row["train/sparse"]) for row in steps)
    assert [row["train/scaled_step"] for row in steps] == [10 * row["step"] for row in steps]

    first, *rows, last = read_rows(own / "diary.jsonl")
    summary = json.loads(folder.summary.read_text())
    assert first == {"run": folder.id, "strength": 0.5, "trained": summary["parameters"]["trained"]}
    assert summary["parameters"]["trained"] < summary["parameters"]["total"]
    assert rows == written and last == {"status": "done", "monitor": "val/accuracy"}

    metrics, ways = summary["metrics"], summary["directions"]
    assert (metrics["val/rows"], metrics["test/rows"]) == (6, 6)
    assert metrics["test/f1_again"] == pytest.approx(metrics["test/f1_macro"])
    assert -1 <= metrics["val/cohen_kappa"] <= 1
    assert (ways["val/rows"], ways["test/cohen_kappa"], ways["val/loss"]) == ("min", "max", "min")
    assert ways["val/accuracy"] == "max" and ways.keys() <= metrics.keys()
    validations = [row for row in written if "val/loss" in row]
    assert [row["val/rows"] for row in validations] == [6, 6]


def test_a_logger_that_cannot_be_reached_costs_one_warning_and_no_row(lab, own):
    folder = lab.train("plugins=[own_parts]", "+logger.away={_target_: own_parts.Unreachable}", "training.epochs=1")
    assert lab.said.count("Warning: logger 'away' failed and is dropped; the run goes on") == 1
    assert folder.summary.exists() and len(read_metrics(folder.metrics)) == 3


def test_what_a_plugin_needs_is_checked_before_anything_is_trained(lab, own, capsys):
    words = [*lab.overrides, "plugins=[own_parts]", "method=sparse", "callback=step", "metric=rows"]
    assert main(["check", *words, "callback.step.scale=much", "+method.strenght=1"]) == 2
    said = capsys.readouterr().err
    assert "callback.step.scale must be" in said and "method.strenght must be an argument of Sparse" in said


def test_a_metric_with_the_name_of_one_of_the_task_is_refused(lab, own):
    with pytest.raises(ConfigError, match="name must be one that the task does not report, got 'accuracy'"):
        lab.train("plugins=[own_parts]", "+metric.accuracy={_target_: own_parts.Rows}")
