from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmexp.config.compose import compose
from mmexp.deploy.agreement import LIMIT, Trial
from mmexp.deploy.export import refuse_what_no_graph_holds, write_graphs
from mmexp.deploy.format import find_format, formats
from mmexp.deploy.support import refusals
from mmexp.error import ConfigError, MmexpError
from mmexp.run.folder import RunFolder
from mmexp.training.experiment import build, load_data
from mmexp.training.model import Model

SMALL = ["training.batch_size=8", "dim=16", "hardware=cpu", "dataset.sizes=[16,5,4]", "dataset.image_size=32"]
NARROW = ["dataset.cache=null", "encoder.image.widths=[8,8,8]", "encoder.audio.widths=[8,8,8]"]
WRITING = ["answer_generation", "captioning", "dialogue", "transcription"]
CAN = [task for task, why in refusals("task").items() if not why]


@pytest.fixture
def made(tmp_path: Path) -> Callable[[str, str], tuple[Model, Trial]]:
    def make(task: str, fusion: str) -> tuple[Model, Trial]:
        short = ["task.decoder.max_length=16"] if task in WRITING else []
        root = compose([*SMALL, *NARROW, f"task={task}", f"fusion={fusion}", *short]).plain()
        experiment = build(root, load_data(root), RunFolder.create(tmp_path, "x"))
        model = experiment.module.model.eval()
        return model, Trial.of(experiment.data.evaluation("train").dataset.samples, model.transforms)

    return make


@pytest.mark.slow
@pytest.mark.parametrize("fusion", ["concat", "gated", "attention"])
@pytest.mark.parametrize("task", CAN)
def test_every_task_that_says_so_is_exported(made: Any, tmp_path: Path, task: str, fusion: str) -> None:
    model, trial = made(task, fusion)
    found = write_graphs(model, trial, find_format("onnx"), tmp_path)
    print(f"{task} {fusion} {found['error']:.1e}")
    assert found["error"] <= LIMIT


@pytest.mark.slow
@pytest.mark.parametrize("fusion", [name for name, why in refusals("fusion").items() if not why and name != "none"])
def test_every_fusion_that_says_so_is_exported(made: Any, tmp_path: Path, fusion: str) -> None:
    model, trial = made("retrieval" if fusion == "none" else "matching", fusion)
    found = write_graphs(model, trial, find_format("torch"), tmp_path)
    print(f"{fusion} {found['error']:.1e}")
    assert found["error"] <= LIMIT


def test_a_part_that_says_why_it_cannot_is_refused(model: Model) -> None:
    refuse_what_no_graph_holds(model)
    type(model.task).export_refused = "it is only a test"
    try:
        with pytest.raises(
            MmexpError, match="Classification must be one that can be exported, got one that cannot: it"
        ):
            refuse_what_no_graph_holds(model)
    finally:
        del type(model.task).export_refused


def test_a_format_is_found_by_its_name() -> None:
    assert formats() == ["onnx", "torch"]
    with pytest.raises(ConfigError, match="--format must be one of onnx, torch, got 'tflite'"):
        find_format("tflite")
