from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmexp.analysis.citation import citations
from mmexp.run import summary
from mmexp.run.folder import RunFolder
from mmexp.run.summary import rows
from mmexp.run.trash import trash, trashed


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return tmp_path / "outputs"


def done(outputs: Path, **config: object) -> RunFolder:
    folder = RunFolder.create(outputs, "x")
    known = {"task": "vqa", "dataset": "world", "fusion": "sum", "seed": 0, "inputs": ["image", "text"]} | config
    summary.write(folder, {"status": "done", "monitor": "val/a", "metrics": {"test/a": 0.5}, "config": known})
    return folder


def test_baselines_of_a_verdict_are_cited_also_in_the_trash(outputs: Path) -> None:
    fused, alone = done(outputs), done(outputs, inputs=["image"], fusion="none")
    done(outputs, inputs=["image"], fusion="none", seed=1)
    assert citations(outputs, rows(outputs)) == {alone.id: f"baseline of {fused.id}"}
    trash(alone)
    assert citations(outputs, rows(outputs)) == {}
    assert citations(outputs, rows(outputs), trashed(outputs)) == {alone.id: f"baseline of {fused.id}"}


def test_jobs_of_a_sweep_are_cited_wherever_they_are(outputs: Path) -> None:
    job = outputs / "sweep-20260101-000000-abcd" / "jobs" / "1"
    job.mkdir(parents=True)
    (job.parents[1] / "sweep.json").write_text("{}")
    folder = done(outputs)
    (job / "run.json").write_text(json.dumps({"run": f"x/{folder.id}"}))
    (job.parent / "2").mkdir()
    (job.parent / "2" / "run.json").write_text("{half")
    assert citations(outputs, rows(outputs)) == {folder.id: "job of sweep-20260101-000000-abcd"}


def test_runs_that_a_config_names_are_cited(outputs: Path) -> None:
    teacher, other, student = (done(outputs, seed=seed) for seed in range(3))
    config = {"method": {"teacher": teacher.id}, "pretrained": str(other.path), "name": "x", "list": ["20", 3]}
    student.start.write_text(json.dumps({"config": config}))
    named = f"named by {student.id}"
    assert citations(outputs, rows(outputs)) == {teacher.id: named, other.id: named}
