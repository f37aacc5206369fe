from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmexp.dataset.base import MultimodalDataset
from mmexp.run.folder import RunFolder
from mmexp.training.gather import gather


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, "x")


class Offers(MultimodalDataset):
    """A dataset by what it offers."""

    prepare = split = None

    def __init__(self, inputs: str, targets: str) -> None:
        self.inputs = dict(pair.split(":") for pair in inputs.split())
        self.targets = dict(pair.split(":") for pair in targets.split())

    def texts(self) -> list[str]:
        return ["a cat", "a dog"]

    def values(self, target: str) -> list[Any]:
        return [["a cat", "a \u201ccat\u201d"], ["a dog"]]

    def describe(self) -> dict[str, Any]:
        return {"classes": {}, "sizes": {"train": 2}}

    def fingerprint(self) -> str:
        return "f" * 64


BOTH = Offers("image:photo text:title", "captions:captions label:label")


def asking(*paths):
    """The root of a config whose task asks for these facts."""
    return {"tokenizer": {"model": "word"}, "task": {path: f"${{facts:{path}}}" for path in paths}}


def test_captions_to_compare_with_are_kept_a_row_per_sample_if_they_are_asked_for(folder):
    assert "references" not in gather(BOTH, asking("vocab_size"), folder)
    assert not (folder.path / "references.jsonl").exists()
    facts = gather(BOTH, asking("references"), folder)
    rows = [json.loads(line) for line in Path(facts["references"]).read_text().splitlines()]
    assert rows == BOTH.values("captions")
    assert "references" not in gather(Offers("text:t", "label:l"), asking("references"), folder)


def test_the_words_and_characters_that_are_said_become_facts(folder, monkeypatch):
    monkeypatch.setattr(Offers, "values", lambda self, target: ["A cat!", "a  tac"])
    facts = gather(Offers("audio:a", "transcript:t"), asking("transcript.char"), folder)
    assert facts["transcript"] == {"char": [" ", "a", "c", "t"], "word": ["a", "cat", "tac"]}
    assert "transcript" not in gather(Offers("audio:a", "label:l"), asking("transcript.char"), folder)
