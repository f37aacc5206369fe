from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmexp.dataset.triples import Triples
from mmexp.error import ConfigError, DataError

FACTS = [
    ("ann", "parent of", "bo", "train"),
    ("ann", "parent of", "cy", "train"),
    ("bo", "sibling of", "cy", "val"),
    ("cy", "sibling of", "di", "test"),
]
PACKS = Path(__file__).resolve().parents[2] / "../shared/data/knowledge_graphs"


def write(folder: Path, rows: list[Any], name: str = "manifest.jsonl") -> None:
    columns = ("head", "relation", "tail", "split")
    told = [row if isinstance(row, dict) else dict(zip(columns, row, strict=False)) for row in rows]
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in told))


def write_lines(folder: Path, suffix: str = "tsv", val: str = "valid") -> None:
    for split, name in (("train", "train"), ("val", val), ("test", "test")):
        lines = ["\t".join(row[:3]) for row in FACTS if row[3] == split]
        (folder / f"{name}.{suffix}").write_text("\n".join(lines) + "\n")


def read(folder: Path, **options: Any) -> Triples:
    dataset = Triples(root=str(folder), **options)
    dataset.prepare()
    return dataset


def asked(dataset: Triples, split: str = "train") -> list[tuple[str, ...]]:
    samples = dataset.split(split)
    return [(*one.inputs["head"], *one.inputs["relation"], one.targets["tail"]) for one in samples]


def test_each_fact_is_asked_in_both_directions(tmp_path):
    write(tmp_path, FACTS)
    dataset = read(tmp_path)
    assert asked(dataset) == [
        ("ann", "parent of", "bo"),
        ("bo", "parent of~", "ann"),
        ("ann", "parent of", "cy"),
        ("cy", "parent of~", "ann"),
    ]
    assert [sample.id for sample in dataset.split("val")] == ["line-3", "line-3~"]
    assert [sample.targets["query"] for sample in dataset.split("test")] == [
        ["cy", "sibling of"],
        ["di", "sibling of~"],
    ]


def test_facts_of_the_data_are_all_entities_and_every_known_answer(tmp_path):
    write(tmp_path, FACTS)
    dataset = read(tmp_path)
    facts, (*known,) = dataset.describe(), dataset.tables()["triples"]
    assert facts["classes"] == {"tail": ["ann", "bo", "cy", "di"]} and facts["sizes"] == {
        "train": 4,
        "val": 2,
        "test": 2,
    }
    assert facts["modality"]["head"] == {"kind": "symbols", "symbols": ["ann", "bo", "cy"]}
    assert facts["modality"]["relation"]["symbols"] == ["parent of", "parent of~"]
    assert known == [question for split in ("train", "val", "test") for question in asked(dataset, split)]
    assert list(dataset.companions["tail"]) == ["head", "relation"] and list(dataset.texts()) == []


def test_the_graph_to_learn_by_is_that_of_the_training_split_however_it_is_spelt(tmp_path):
    spelt = [(*fact[:3], {"train": "Training", "val": "dev"}.get(fact[3], fact[3])) for fact in FACTS]
    write(tmp_path, spelt)
    dataset = read(tmp_path)
    assert list(dataset.tables()["edges"]) == asked(dataset) and len(asked(dataset)) == 4


def test_head_and_relation_are_one_input_if_it_is_named(tmp_path):
    write(tmp_path, FACTS)
    dataset = read(tmp_path)
    assert list(dataset.inputs) == ["head", "relation"] and list(dataset.extra) == ["asked"]
    assert dataset.split("test")[0].inputs["asked"] == ["cy", "sibling of"]
    assert dataset.describe()["modality"]["asked"]["symbols"] == ["ann", "bo", "cy", "parent of", "parent of~"]


@pytest.mark.parametrize(("suffix", "val"), [("tsv", "valid"), ("txt", "dev"), ("tsv", "val")])
def test_files_without_header_give_the_same(tmp_path, suffix, val):
    write(tmp_path, FACTS)
    write_lines(tmp_path, suffix, val)
    one, other = read(tmp_path), read(tmp_path, manifest=f"train.{suffix}")
    assert all(asked(one, split) == asked(other, split) for split in ("train", "val", "test"))
    assert other.split("val")[1].id == "val-1~"


def test_a_header_is_no_fact(tmp_path):
    write_lines(tmp_path)
    path = tmp_path / "train.tsv"
    path.write_text("head\trelation\ttail\n" + path.read_text())
    assert len(asked(read(tmp_path, manifest="train.tsv"))) == 4


def test_heads_are_shown_as_the_table_of_entities_tells(tmp_path):
    write(tmp_path, FACTS)
    Image.fromarray(np.full((4, 4, 3), 9, np.uint8)).save(tmp_path / "face.png")
    shown = {"ann": "a baker", "bo": "her son", "cy": "a cat", "di": "a dog"}
    write(tmp_path, [{"id": name, "text": text, "image": "face.png"} for name, text in shown.items()], "entities.jsonl")
    dataset = read(tmp_path, entities="entities.jsonl")
    there, back = dataset.split("test")
    assert (there.inputs["text"], back.inputs["text"]) == ("a cat", "a dog") and there.inputs["image"].max() == 9
    assert list(dataset.companions["tail"]) == ["image", "text", "head", "relation"]
    assert list(dataset.texts()) == ["a baker", "her son", "a baker", "a cat"]


def test_an_entity_that_the_table_does_not_tell_of_has_no_text(tmp_path):
    write(tmp_path, FACTS)
    write(tmp_path, [{"id": name, "text": f"who is {name}"} for name in ("ann", "bo", "cy")], "entities.jsonl")
    there, back = read(tmp_path, entities="entities.jsonl").split("test")
    assert there.inputs["text"] == "who is cy" and "text" not in back.inputs


def test_a_fact_drawn_to_a_split_is_there_in_both_directions(tmp_path):
    write(tmp_path, [(f"e{i}", "next to", f"e{i + 1}") for i in range(40)])
    dataset = read(tmp_path)
    sides = {
        split: {sample.id.removesuffix("~") for sample in dataset.split(split)} for split in ("train", "val", "test")
    }
    assert [len(dataset.split(split)) for split in sides] == [64, 8, 8]
    assert len(set().union(*sides.values())) == sum(map(len, sides.values())) == 40


def test_a_fact_told_twice_is_asked_once(tmp_path):
    write(tmp_path, [*FACTS, ("ann", "parent of", "bo", "training")])
    assert len(asked(read(tmp_path))) == 4


def test_numbers_are_names(tmp_path):
    write(
        tmp_path, [(1, "after", 0, "train"), (2, "after", 1, "train"), (2, "after", 0, "val"), (0, "before", 2, "test")]
    )
    assert asked(read(tmp_path), "test") == [("0", "before", "2"), ("2", "before~", "0")]


def test_equal_data_have_equal_fingerprints(tmp_path):
    write(tmp_path, FACTS)
    one = read(tmp_path).fingerprint()
    write(tmp_path, [*FACTS, ("di", "parent of", "bo", "train")])
    assert one == one and one != read(tmp_path).fingerprint()


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (
            [*FACTS, ("ann", "parent of", "bo", "test")],
            r"manifest.jsonl:5, .*in one split, got test, and train at .*:1",
        ),
        ([*FACTS, ("ann", "", "bo", "test")], "manifest.jsonl:5, .*relation must be a text or a whole number, got ''"),
        ([*FACTS, ("ann", "knows", ["bo"], "test")], r"jsonl:5, .*tail must be a text or a whole number, got \['bo'\]"),
        ([*FACTS, ("ann", "knows", "cy", "exam")], "manifest.jsonl:5, .*split must be one of train, .*, got 'exam'"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path, rows, fault):
    write(tmp_path, rows)
    with pytest.raises(DataError, match=fault):
        read(tmp_path)


def test_lacking_columns_are_told(tmp_path):
    write(tmp_path, [{"subject": "ann", "relation": "knows", "tail": "bo"}])
    with pytest.raises(
        ConfigError, match="must have columns head, relation, tail, got subject, relation, tail"
    ) as fault:
        read(tmp_path)
    assert "Rename those that are the head" in fault.value.hint
    write(tmp_path, FACTS)
    write(tmp_path, [{"name": "ann", "text": "x"}], "entities.jsonl")
    with pytest.raises(ConfigError, match=r"dataset.entities must have a column id, got name, text"):
        read(tmp_path, entities="entities.jsonl")


def test_a_line_or_a_file_that_cannot_be_read_is_told(tmp_path):
    write_lines(tmp_path)
    (tmp_path / "test.tsv").write_bytes(b"ann\tknows\tcy\nann knows\tbo\n")
    with pytest.raises(
        DataError, match=r"test.tsv:2: a line must be head, relation and tail between tabs, got 'ann know"
    ):
        read(tmp_path, manifest="train.tsv")
    (tmp_path / "test.tsv").write_bytes(b"ann\tkn\xff\tcy\n")
    with pytest.raises(DataError, match=r"test.tsv: text must be UTF-8, got .*0xff"):
        read(tmp_path, manifest="train.tsv")
    (tmp_path / "test.tsv").unlink()
    with pytest.raises(ConfigError, match=r"train.tsv must be next to test.tsv, got none"):
        read(tmp_path, manifest="train.tsv")


@pytest.mark.skipif(not PACKS.is_dir(), reason="no ../shared/data/knowledge_graphs here")
def test_real_graphs_are_read():
    dataset = read(PACKS / "nations", entities="entities.jsonl")
    facts = dataset.describe()
    assert len(facts["classes"]["tail"]) == 14 and facts["sizes"] == {"train": 3184, "val": 398, "test": 402}
    assert asked(read(PACKS / "nations", manifest="train.tsv"), "test") == asked(dataset, "test")


def test_a_line_that_repeats_a_fact_of_its_split_is_left_out_and_said(tmp_path):
    write(tmp_path, FACTS)
    assert read(tmp_path).notes == []
    write(tmp_path, [*FACTS, FACTS[0]])
    dataset = read(tmp_path)
    assert len(asked(dataset)) == 4 and dataset.notes == ["1 lines repeat a fact of their split, and are left out."]


def test_facts_are_not_divided_into_folds(tmp_path: Path) -> None:
    write(tmp_path, list(FACTS))
    with pytest.raises(ConfigError, match="folds must be null with this dataset, got 3 with Triples"):
        Triples(root=str(tmp_path)).take_fold(3, "0")
