from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mmexp.run.checkpoints import hash_path, sha256_of
from mmexp.run.folder import RunFolder
from mmexp.run.start import write_start
from mmexp.run.study import write_study
from mmexp.run.verify import verify


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A finished run, as far as its files go."""
    folder = RunFolder(tmp_path)
    folder.config.write_text("seed: 0\n")
    write_start(folder, {"seed": 0})
    folder.checkpoints.mkdir()
    checkpoint = folder.checkpoints / "best-epoch01-step000004.ckpt"
    checkpoint.write_bytes(bytes(100))
    hash_path(checkpoint).write_text(sha256_of(checkpoint))
    folder.tokenizer.write_text("{}")
    facts = {"tokenizer": {"file": "tokenizer.json", "sha256": sha256_of(folder.tokenizer)}, "sizes": {"train": 1}}
    for path, content in (
        (folder.facts, facts),
        (folder.manifest, {"status": "done"}),
        (folder.summary, {"status": "done", "best": checkpoint.name}),
    ):
        path.write_text(json.dumps(content))
    folder.metrics.write_text('{"step": 1}\n{"ste\n{"step": 2}\n')
    folder.predictions("test").parent.mkdir()
    folder.predictions("test").write_text('{"id": "a"}\n')
    write_study(folder, "missing", {"score": 0.1})
    return folder


def flip(path: Path, place: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_a_run_as_it_was_written_has_no_damage(folder: RunFolder) -> None:
    assert list(verify(folder)) == []


@pytest.mark.parametrize(
    ("name", "harm", "rule"),
    [
        (
            "checkpoints/best-epoch01-step000004.ckpt",
            flip,
            "checkpoint must match the hash stored next to it, got another",
        ),
        (
            "checkpoints/best-epoch01-step000004.ckpt",
            Path.unlink,
            "checkpoint that was evaluated must be there, got none",
        ),
        ("checkpoints/best-epoch01-step000004.ckpt.sha256", Path.unlink, "must have its hash next to it, got none"),
        ("config.yaml", flip, "file must be the one that the run began with, got another hash"),
        ("config.yaml", Path.unlink, "file must be there, got none"),
        ("config.json", flip, "file must be JSON, got"),
        ("study/missing.json", flip, "file must be JSON, got"),
        ("facts.json", flip, "file must be JSON, got"),
        ("facts.json", Path.unlink, "file must be there, got none"),
        ("manifest.json", Path.unlink, "file must be there, got none"),
        ("summary.json", Path.unlink, "file must be there, as the run is done, got none"),
        (
            "tokenizer.json",
            lambda path: path.write_text('{"a": 1}'),
            "file must match the hash in facts.json, got another",
        ),
        ("tokenizer.json", Path.unlink, "file must be there, got none"),
        ("metrics.jsonl", flip, "lines must be JSON, got another in line 1"),
        ("predictions/test.jsonl", flip, "lines must be JSON, got another in line 1"),
    ],
)
def test_what_is_damaged_is_named(folder: RunFolder, name: str, harm: Callable[[Path], None], rule: str) -> None:
    path = folder.path / name
    harm(path)
    found = [
        line for line in verify(folder) if line.startswith(str(path.with_suffix("") if name.endswith("256") else path))
    ]
    assert len(found) == 1 and rule in found[0]
