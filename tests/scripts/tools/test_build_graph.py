from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from mmexp.dataset.triples import Triples
from mmexp.transform.text import Tokenizer

SCRIPT = Path(__file__).resolve().parents[3] / "scripts/tools/build_graph.py"
SENTENCES = [
    {"id": "a", "words": ["Ann", "Lee", "met", "Bo"]},
    {"id": "b", "words": "bo met ann lee"},
    {"id": "c", "words": ["nobody", "came"]},
]
TAGS = [
    {"id": "a", "entities": [{"start": 0, "end": 2, "type": "PER"}, {"start": 3, "end": 4, "type": "PER"}]},
    {"id": "b", "entities": [{"start": 0, "end": 1, "type": "PER"}, {"start": 2, "end": 4, "type": "PER"}]},
    {"id": "c", "entities": []},
]


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    monkeypatch.setattr(sys, "argv", ["build_graph.py", *map(str, words)])
    runpy.run_path(str(SCRIPT), run_name="__main__")


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def given(tmp_path: Path) -> list[Path]:
    return [
        write(tmp_path / "sentences.jsonl", SENTENCES),
        write(tmp_path / "tags.jsonl", TAGS),
        tmp_path / "out.jsonl",
    ]


def test_each_two_entities_of_a_sentence_are_marked_in_both_orders(given, monkeypatch):
    run(monkeypatch, "pairs", *given)
    assert [row["text"] for row in read(given[2])] == [
        "head_ Ann Lee _head met tail_ Bo _tail",
        "tail_ Ann Lee _tail met head_ Bo _head",
        "head_ bo _head met tail_ ann lee _tail",
        "tail_ bo _tail met head_ ann lee _head",
    ]
    assert [(row["head"], row["tail"]) for row in read(given[2])][:2] == [("ann lee", "bo"), ("bo", "ann lee")]
    assert read(given[2])[0]["id"] == "a/0-2/3-4" and "label" not in read(given[2])[0]


def test_entities_side_by_side_are_each_marked_whole(given, monkeypatch):
    write(given[1], [{"id": "a", "entities": [{"start": 0, "end": 2}, {"start": 2, "end": 4}]}])
    run(monkeypatch, "pairs", *given)
    assert read(given[2])[0]["text"] == "head_ Ann Lee _head tail_ met Bo _tail"


def test_a_tokenizer_of_words_keeps_the_marks(given, monkeypatch, tmp_path):
    run(monkeypatch, "pairs", *given)
    words = Tokenizer.train([row["text"] for row in read(given[2])], tmp_path / "tokenizer.json").words()
    assert {"head_", "_head", "tail_", "_tail"} <= set(words)


def test_labels_are_what_is_known_of_the_two(given, monkeypatch, tmp_path):
    facts = write(tmp_path / "facts.jsonl", [{"id": "a", "triples": [["ann lee", "met", "bo"]]}])
    run(monkeypatch, "pairs", *given, "--facts", facts)
    assert [row["label"] for row in read(given[2])] == ["met", "none", "none", "none"]


def test_facts_are_what_is_answered_with_a_high_score_once_each(given, monkeypatch, tmp_path, capsys):
    run(monkeypatch, "pairs", *given)
    labels = [("met", 0.9), ("none", 0.9), ("knows", 0.4), ("met", 0.7)]
    ids = [row["id"] for row in read(given[2])]
    answers = [{"id": one, "label": label, "score": score} for one, (label, score) in zip(ids, labels, strict=True)]
    graph = tmp_path / "graph.jsonl"
    run(monkeypatch, "triples", given[2], write(tmp_path / "answers.jsonl", answers), graph)
    assert read(graph) == [{"head": "ann lee", "relation": "met", "tail": "bo", "score": 0.9, "sentences": 2}]
    assert capsys.readouterr().out.endswith(f"1 rows in {graph}\n")
    run(monkeypatch, "triples", given[2], tmp_path / "answers.jsonl", graph, "--least", "0")
    assert [row["relation"] for row in read(graph)] == ["met", "knows"]


def test_a_graph_is_read_as_a_dataset(given, monkeypatch, tmp_path):
    words = [f"e{i}" for i in range(20)]
    entities = [{"start": i, "end": i + 1, "type": "X"} for i in range(20)]
    write(given[0], [{"id": "a", "words": words}])
    write(given[1], [{"id": "a", "entities": entities}])
    run(monkeypatch, "pairs", *given)
    answers = [{"id": row["id"], "label": "met", "score": 1.0} for row in read(given[2])]
    run(monkeypatch, "triples", given[2], write(tmp_path / "answers.jsonl", answers), tmp_path / "manifest.jsonl")
    dataset = Triples(root=str(tmp_path))
    dataset.prepare()
    assert dataset.describe()["sizes"] == {"train": 608, "val": 76, "test": 76}


def test_a_row_that_lacks_a_column_is_told_with_its_line(given, monkeypatch, capsys):
    write(given[0], [{"id": "a", "text": "x"}])
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, "pairs", *given)
    assert stopped.value.code == 3 and "sentences.jsonl:1, sample a: words must have a value" in capsys.readouterr().err
