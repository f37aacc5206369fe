from __future__ import annotations

import csv
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf
from PIL import Image

from mmexp.dataset.manifest import Manifest
from mmexp.error import ConfigError, DataError

REPOSITORY = Path(__file__).resolve().parents[2]
PACKS = REPOSITORY.parent / "shared/data"
SPLITS = ["train"] * 6 + ["val"] * 2 + ["test"] * 2


def picture(path: Path, colour: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (6, 4), (colour, 0, 0)).save(path)


def write(folder: Path, rows: list[dict[str, Any]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def rows(tmp_path: Path) -> list[dict[str, Any]]:
    """Ten rows with a picture each, written as a manifest."""
    rows = [
        {"id": f"r{n}", "image": f"images/{n}.png", "text": f"text {n}", "label": "ab"[n % 2], "split": split}
        for n, split in enumerate(SPLITS)
    ]
    for n in range(len(rows)):
        picture(tmp_path / f"images/{n}.png", n)
    write(tmp_path, rows)
    return rows


def prepared(root: Path, **options: Any) -> Manifest:
    dataset = Manifest(root=str(root), **options)
    dataset.prepare()
    return dataset


def ids(dataset: Manifest, split: Any) -> list[str]:
    return [sample.id for sample in dataset.split(split)]


def test_a_manifest_gives_its_splits_in_order(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    dataset = prepared(tmp_path)
    assert ids(dataset, "train") == [f"r{n}" for n in range(6)]
    assert ids(dataset, "val") == ["r6", "r7"] and ids(dataset, "test") == ["r8", "r9"]
    sample = dataset.split("train")[3]
    assert sample.inputs["text"] == "text 3" and sample.targets == {"label": "b"}
    np.testing.assert_array_equal(sample.inputs["image"], np.full((4, 6, 3), (3, 0, 0)))


def test_the_facts_are_those_of_the_training_split(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    rows[9]["label"] = "only in test"
    write(tmp_path, rows)
    dataset = prepared(tmp_path)
    assert dataset.describe() == {
        "classes": {"label": ["a", "b"]},
        "sizes": {"train": 6, "val": 2, "test": 2},
        "columns": {"inputs": {"image": "image", "text": "text"}, "targets": {"label": "label"}},
        "table": dataset.table,
    }
    assert list(dataset.texts()) == [f"text {n}" for n in range(6)]
    assert list(dataset.values("label")) == list("ababab")


def test_classes_keep_their_types_and_lists_are_joined(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    for n, row in enumerate(rows):
        row |= {"label": 10 - n, "labels": ["x"] if n % 2 else ["y", "z"], "rating": n / 2}
    write(tmp_path, rows)
    named = {"label": "label", "labels": "labels", "rating": "rating"}
    facts = prepared(tmp_path, targets=named).describe()
    assert facts["classes"] == {"label": [5, 6, 7, 8, 9, 10], "labels": ["x", "y", "z"]}


def test_captions_are_text_and_target_at_once_and_are_told_once(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        del row["text"], row["label"]
        row["captions"] = [f"{row['id']} one", f"{row['id']} two"]
    write(tmp_path, rows)
    dataset = prepared(tmp_path)
    assert (dataset.inputs["text"], dataset.targets["captions"]) == ("captions", "captions")
    assert dataset.split("val")[0].inputs["text"] == ["r6 one", "r6 two"]
    assert len(list(dataset.texts())) == 12
    assert dataset.describe()["classes"] == {}


def test_columns_can_be_named(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    renamed = [{"id": row["id"], "photo": row["image"], "kind": row["label"], "split": row["split"]} for row in rows]
    write(tmp_path, renamed)
    dataset = prepared(tmp_path, inputs={"image": "photo"}, targets={"label": "kind"})
    assert list(dataset.split("test")[0].inputs) == ["image"]
    assert dataset.split("test")[0].targets == {"label": "a"}


def test_a_csv_gives_the_same_as_json_lines(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    (tmp_path / "table.csv").write_text("\ufeff" + "\r\n".join(lines))
    assert prepared(tmp_path, manifest="table.csv").fingerprint() == prepared(tmp_path).fingerprint()


def test_the_root_is_the_folder_of_the_manifest_unless_it_is_given(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    dataset = Manifest(manifest=str(tmp_path / "manifest.jsonl"))
    dataset.prepare()
    assert dataset.folder.root == tmp_path.resolve()


def test_a_root_above_the_manifest_lets_it_point_to_sister_folders(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        row["image"] = f"../{row['image']}"
    write(tmp_path / "pack", rows)
    dataset = prepared(tmp_path, manifest="pack/manifest.jsonl")
    assert dataset.split("train")[0].inputs["image"].shape == (4, 6, 3)
    with pytest.raises(DataError, match=r"pack/manifest\.jsonl:1, sample r0: image must lie inside .*pack, got '\.\./"):
        prepared(tmp_path / "pack")


def test_whole_groups_are_on_one_side_and_the_column_split_is_ignored(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    for n, row in enumerate(rows):
        row["speaker"] = ["ann", "bob", "cyd"][n % 3]
    write(tmp_path, rows)
    dataset = prepared(tmp_path, group_by="speaker", split={"test_groups": ["bob"], "val_groups": ["cyd"]})
    assert ids(dataset, "test") == ["r1", "r4", "r7"] and ids(dataset, "val") == ["r2", "r5", "r8"]
    assert dataset.describe()["groups"] == {"train": ["ann"], "val": ["cyd"], "test": ["bob"]}
    with pytest.raises(ConfigError, match=r"test_groups must be among ann, bob, cyd, got 'bop'\. Did you mean 'bob'"):
        prepared(tmp_path, group_by="speaker", split={"test_groups": "bop"})


def test_a_drawn_split_depends_on_its_seed_only(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    drawn = [prepared(tmp_path, split={"ratios": [0.5, 0.25, 0.25], "seed": seed}).fingerprint() for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_missing_modality_is_a_missing_key(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    rows[0]["image"], rows[1]["text"] = None, ""
    write(tmp_path, rows)
    train = prepared(tmp_path).split("train")
    assert [list(train[n].inputs) for n in range(3)] == [["text"], ["image"], ["image", "text"]]


def test_a_modality_missing_in_a_whole_split_is_refused(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    rows[6]["image"] = rows[7]["image"] = None
    write(tmp_path, rows)
    with pytest.raises(
        DataError, match=r"column 'image' of image must be filled in some row of val, got none"
    ) as caught:
        prepared(tmp_path)
    assert "dataset.inputs=" in caught.value.hint
    prepared(tmp_path, inputs={"text": "text"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "must be a file, got none"),
        (b"", "must be a file with content, got 0 bytes"),
        (b"half", "must be an image that decodes, got"),
    ],
)
def test_a_bad_file_is_refused_or_skipped_and_listed(
    tmp_path: Path, rows: list[dict[str, Any]], content: bytes | None, message: str
) -> None:
    whole = tmp_path / "images/3.png"
    part = whole.read_bytes()[:-30] if content == b"half" else content
    whole.unlink()
    if part is not None:
        whole.write_bytes(part)
    with pytest.raises(DataError, match=rf"manifest\.jsonl:4, sample r3: image 'images/3\.png' {message}") as caught:
        prepared(tmp_path)
    assert caught.value.exit_code == 3 and "dataset.on_error=skip" in caught.value.hint
    dataset = prepared(tmp_path, on_error="skip")
    assert ids(dataset, "train") == ["r0", "r1", "r2", "r4", "r5"]
    assert [(row["id"], row["path"]) for row in dataset.skipped] == [("r3", "images/3.png")]
    assert message in dataset.skipped[0]["reason"]
    with pytest.raises(DataError, match=r"sample r3: at most 0\.05 of 10 rows may be skipped"):
        prepared(tmp_path, on_error=0.05)


@pytest.mark.parametrize("label", [None, "", float("nan")])
def test_an_unlabeled_row_is_refused_or_skipped(tmp_path: Path, rows: list[dict[str, Any]], label: Any) -> None:
    rows[5]["label"] = label
    write(tmp_path, rows)
    with pytest.raises(DataError, match=r"manifest\.jsonl:6, sample r5: label must (have|be) a value, got"):
        prepared(tmp_path)
    assert [row["id"] for row in prepared(tmp_path, on_error="skip").skipped] == ["r5"]
    assert prepared(tmp_path, targets={}).describe()["sizes"]["train"] == 6


def test_a_split_without_rows_is_refused(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    write(tmp_path, rows[:8])
    with pytest.raises(DataError, match=r"manifest\.jsonl: split test must have a row, got none") as caught:
        prepared(tmp_path)
    assert "dataset.split.ratios" in caught.value.hint


def test_only_the_splits_that_are_asked_for_must_be_there_and_are_read(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    write(tmp_path, [row | {"label": "a"} for row in rows[:1] + rows[8:]])
    (tmp_path / "images/0.png").write_bytes(b"broken")
    dataset = Manifest(root=str(tmp_path))
    dataset.prepare(("test",))
    assert ids(dataset, "test") == ["r8", "r9"] and dataset.skipped == []
    with pytest.raises(DataError, match=r"split val must have a row, got none"):
        dataset.prepare(("val", "test"))
    with pytest.raises(DataError, match=r"sample r0: image 'images/0\.png' must be an image that decodes"):
        dataset.prepare()


def test_a_share_that_may_be_skipped_is_one_of_the_rows_asked_for(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    (tmp_path / "images/8.png").write_bytes(b"broken")
    dataset = Manifest(root=str(tmp_path), on_error=0.2)
    dataset.prepare()
    assert [row["id"] for row in dataset.skipped] == ["r8"]
    with pytest.raises(DataError, match=r"at most 0\.2 of 2 rows may be skipped"):
        dataset.prepare(("test",))


def test_named_groups_are_enough_if_only_their_split_is_asked_for(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    write(tmp_path, [row | {"speaker": "ann"} for row in rows])
    dataset = Manifest(root=str(tmp_path), group_by="speaker", split={"test_groups": ["ann"], "val_groups": ["bob"]})
    dataset.prepare(("test",))
    assert len(ids(dataset, "test")) == 10
    with pytest.raises(ConfigError, match=r"val_groups must be among ann, got 'bob'"):
        dataset.prepare(("val", "test"))


def test_all_rows_can_be_one_split(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    dataset = Manifest(root=str(tmp_path), split={"everything": "test"})
    dataset.prepare(("test",))
    assert ids(dataset, "test") == [f"r{n}" for n in range(10)]


@pytest.mark.parametrize(
    ("options", "samples"),
    [
        ({}, 2),
        ({"split": {"ratios": [0.5, 0.25, 0.25]}}, 2),
        ({"split": {"everything": "test"}}, 10),
        ({"group_by": "text", "split": {"test_groups": ["elsewhere"], "val_groups": ["another"]}}, 2),
        ({"group_by": "text", "split": {"ratios": [0.5, 0.25, 0.25]}}, 2),
    ],
)
def test_of_another_table_what_its_column_names_is_taken_and_no_groups_of_training(
    tmp_path: Path, rows: list[dict[str, Any]], options: dict[str, Any], samples: int
) -> None:
    dataset = Manifest(root=str(tmp_path), **options)
    assert not dataset.take_whole("test", dataset.table)
    assert not dataset.take_whole("test", "another")
    dataset.prepare(("test",))
    assert len(ids(dataset, "test")) == samples


@pytest.mark.parametrize("split", [{}, {"column": "split"}, {"test_groups": ["ann"]}, {"ratios": [0.5, 0.25, 0.25]}])
def test_another_table_without_a_column_of_splits_is_taken_whole_and_known_groups_are_said(
    tmp_path: Path, rows: list[dict[str, Any]], split: dict[str, Any]
) -> None:
    write(tmp_path, [{key: value for key, value in row.items() if key != "split"} for row in rows])
    groups = {} if "column" in split else {"group_by": "text"}
    dataset = Manifest(root=str(tmp_path), split=split, **groups)
    dataset.trained = {"classes": {}, "groups": {"train": ["text 3", "text 5", "someone"]}}
    assert dataset.take_whole("test", "another")
    dataset.prepare(("test",))
    assert len(ids(dataset, "test")) == 10
    note = "2 of 10 rows are of groups that were trained on: text 3, text 5."
    assert (note in dataset.notes) is bool(groups)


def test_a_table_is_the_same_in_any_order_and_place_and_another_with_any_other_cell(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    write(tmp_path / "moved", rows[::-1])
    write(tmp_path / "changed", [rows[0] | {"label": "c"}, *rows[1:]])
    own, moved, changed = (
        Manifest(manifest=str(tmp_path / folder / "manifest.jsonl")).table for folder in (".", "moved", "changed")
    )
    assert own == moved != changed


def test_everything_is_each_row_in_order_from_the_first_column_that_is_there(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    write(tmp_path, [{"id": row["id"], "image": row["image"], "words": row["text"]} for row in rows[::-1]])
    dataset = Manifest(root=str(tmp_path))
    samples = dataset.everything({"image": ("photo", "image"), "text": ("words", "text"), "audio": ("audio",)})
    assert [sample.id for sample in samples] == [f"r{n}" for n in reversed(range(10))]
    assert set(samples[0].inputs) == {"image", "text"} and samples[0].targets == {}
    assert samples[0].inputs["text"] == "text 9"
    with pytest.raises(DataError, match=r"the table must have a column of audio with a value in some row, got id, im"):
        dataset.everything({"audio": ("audio",)})


@pytest.fixture
def own(tmp_path: Path, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Ten rows with two vectors, two pictures and a text of other names; the options that name them."""
    for n, row in enumerate(rows):
        row |= {"l": [n, 1.0], "r": [[n]] * (1 + n % 3), "back": row["image"], "say": f"word {n}"}
    write(tmp_path, rows)
    return {"inputs": {"left": "l", "right": "r", "front": "image", "back": "back", "told": "say"}}


def test_modalities_may_have_names_of_ones_own(tmp_path: Path, own: dict[str, Any]) -> None:
    dataset = prepared(tmp_path, **own)
    sample = dataset.split("train")[3]
    assert list(sample.inputs) == ["left", "right", "front", "back", "told"]
    assert sample.inputs["left"].tolist() == [3, 1] and sample.inputs["right"].shape == (1, 1)
    assert sample.inputs["front"].shape == sample.inputs["back"].shape == (4, 6, 3)
    assert list(dataset.texts()) == [f"word {n}" for n in range(6)]
    assert dataset.describe()["modality"] == {
        "left": {"kind": "vector", "width": 2, "length": None, "mean": [2.5, 1], "std": [1.70783, 1]},
        "right": {"kind": "vector", "width": 1, "length": 3, "mean": [2.83333], "std": [1.67498]},
        "front": {"kind": "image"},
        "back": {"kind": "image"},
        "told": {"kind": "text"},
    }


def test_vectors_in_a_csv_are_json_text(tmp_path: Path, rows: list[dict[str, Any]], own: dict[str, Any]) -> None:
    with (tmp_path / "table.csv").open("w", newline="") as file:
        cells = [
            {key: value if isinstance(value, str) else json.dumps(value) for key, value in r.items()} for r in rows
        ]
        writer = csv.DictWriter(file, cells[0])
        writer.writeheader()
        writer.writerows(cells)
    assert prepared(tmp_path, manifest="table.csv", **own).fingerprint() == prepared(tmp_path, **own).fingerprint()


def test_every_number_is_in_the_fingerprint(tmp_path: Path, rows: list[dict[str, Any]], own: dict[str, Any]) -> None:
    prints = []
    for number in (0.0, 1e-6):
        rows[0]["l"] = [0.0] * 2000 + [number] + [0.0] * 2000
        write(tmp_path, [row | {"l": row["l"] if row is rows[0] else [1.0] * 4001} for row in rows])
        prints.append(prepared(tmp_path, **own).fingerprint())
    assert prints[0] != prints[1]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, 2, 3], r"left must be one vector of 2 numbers, as at .*manifest\.jsonl:1, got one vector of 3 numbers"),
        ([1, float("nan")], "left must be finite numbers, got nan"),
        (["a", 1], "left must be finite numbers, got 'a'"),
        ("x", "left must be a list of numbers, got 'x'"),
    ],
)
def test_a_bad_vector_is_refused_with_its_line_or_skipped(
    tmp_path: Path, rows: list[dict[str, Any]], own: dict[str, Any], value: Any, message: str
) -> None:
    rows[4]["l"], rows[5]["l"] = value, None
    write(tmp_path, rows)
    with pytest.raises(DataError, match=rf"manifest\.jsonl:5, sample r4: {message}"):
        prepared(tmp_path, **own)
    dataset = prepared(tmp_path, on_error="skip", **own)
    assert [row["id"] for row in dataset.skipped] == ["r4"]
    assert "left" not in dataset.split("train")[4].inputs and "right" in dataset.split("train")[4].inputs


def test_a_label_that_never_changes_is_refused(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    write(tmp_path, [row | {"label": "a"} for row in rows])
    with pytest.raises(DataError, match=r"label must have at least 2 values in train, got only 'a'"):
        prepared(tmp_path)


def test_the_fingerprint_changes_with_every_row_file_order_and_control(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    prints = [prepared(tmp_path).fingerprint()]
    write(tmp_path, [*rows[1:], rows[0]])
    prints.append(prepared(tmp_path).fingerprint())
    write(tmp_path, [rows[0] | {"label": "b"}, *rows[1:]])
    prints.append(prepared(tmp_path).fingerprint())
    write(tmp_path, [rows[0] | {"split": "val"}, *rows[1:]])
    prints.append(prepared(tmp_path).fingerprint())
    write(tmp_path, rows)
    assert prepared(tmp_path).fingerprint() == prints[0]
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (9, 9, 3), dtype=np.uint8)).save(
        tmp_path / "images/0.png"
    )
    prints.append(prepared(tmp_path).fingerprint())
    assert len(set(prints)) == len(prints)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"manifest": "manifest.csv"}, r"must be a file in .*, got 'manifest\.csv'\. There are: manifest\.jsonl\."),
        ({"manifest": "../manifest.jsonl"}, r"dataset\.manifest must lie inside"),
        ({"manifest": "/x.jsonl"}, r"must be relative to dataset\.root, got '/x\.jsonl'\. Set dataset\.root=null"),
        ({"root": "nowhere"}, r"dataset\.root must be a folder, got 'nowhere'"),
        (
            {"split": {"test_groups": ["a"]}},
            r"group_by must be a column if split\.test_groups or .* are given",
        ),
        ({"group_by": "label", "split": {"column": "split"}}, r"split\.column must be null with dataset\.group_by"),
        ({"inputs": ["image"]}, r"dataset\.inputs must be a mapping, got \['image'\]"),
        ({"on_error": "skp"}, r"dataset\.on_error must be raise, skip or a share"),
    ],
)
def test_a_wrong_configuration_is_refused_before_anything_is_read(
    tmp_path: Path, rows: list[dict[str, Any]], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Manifest(**{"root": str(tmp_path)} | options)


def test_it_is_built_by_hydra_from_its_yaml_and_overrides(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    options = [
        f"root={tmp_path}",
        "manifest=manifest.jsonl",
        "inputs.image=image",
        "targets.label=label",
        "group_by=text",
        "split.test_groups=[text 1]",
        "split.val_groups=[text 2]",
        "on_error=skip",
    ]
    config = OmegaConf.merge(OmegaConf.load(REPOSITORY / "conf/dataset/manifest.yaml"), OmegaConf.from_dotlist(options))
    dataset = instantiate(config)
    dataset.prepare()
    assert ids(dataset, "test") == ["r1"] and ids(dataset, "val") == ["r2"]


HOSTILE = """
import json, os, sys
from pathlib import Path
from mmexp.dataset.manifest import Manifest
from mmexp.error import DataError

root = Path(sys.argv[1]).resolve()
Manifest(root=str(root), manifest="benign.jsonl", on_leak="warn").prepare()
opened = []
sys.addaudithook(lambda event, arguments: opened.append(arguments[0]) if event == "open" else None)
dataset = None
for manifest in sorted(root.glob("hostile*.jsonl")):
    for on_error in ("raise", "skip"):
        try:
            dataset = Manifest(root=str(root), manifest=manifest.name, on_error=on_error, on_leak="warn")
            dataset.prepare()
        except DataError as fault:
            print(fault)
outside = [str(path) for path in opened if not Path(os.fsdecode(path)).resolve().is_relative_to(root)]
print(json.dumps({"opened": len(opened), "outside": outside}))
"""


def test_a_hostile_path_is_refused_with_its_row_and_nothing_outside_the_root_is_opened(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    root, secret = tmp_path / "root", tmp_path / "secret.png"
    picture(secret)
    picture(root / "a.png")
    (root / "link.png").symlink_to(secret)
    (root / "up").symlink_to(tmp_path)
    hostile = [
        "../secret.png",
        "../../../../../../../../etc/passwd",
        "/etc/hostname",
        str(secret),
        "link.png",
        "up/secret.png",
        "pipe:cat /etc/hostname",
        "http://localhost/a.png",
        "file:///etc/hostname",
    ]
    benign = [{"id": f"r{n}", "image": "a.png", "label": n % 2, "split": split} for n, split in enumerate(SPLITS)]
    (root / "benign.jsonl").write_text("\n".join(map(json.dumps, benign)))
    for number, path in enumerate(hostile):
        changed = [*benign[:4], benign[4] | {"image": path}, *benign[5:]]
        (root / f"hostile{number}.jsonl").write_text("\n".join(map(json.dumps, changed)))
    shell = [sys.executable, "-c", HOSTILE, str(root)]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=60, cwd=REPOSITORY, check=True)
    *faults, report = done.stdout.splitlines()
    assert len(faults) == 2 * len(hostile)
    for place, fault in enumerate(faults):
        assert f"hostile{place // 2}.jsonl:5, sample r4: image must" in fault
    assert json.loads(report)["outside"] == []
    assert json.loads(report)["opened"] >= len(hostile)


def test_two_thousand_photographs_are_checked_and_read() -> None:
    if not (PACKS / "flickr8k_captions").is_dir():
        pytest.skip("the pack flickr8k_captions is not in ../shared/data")
    dataset = prepared(PACKS / "flickr8k_captions")
    assert dataset.describe()["sizes"] == {"train": 1700, "val": 150, "test": 150}
    sample = dataset.split("val")[0]
    assert sample.inputs["image"].dtype == np.uint8 and len(sample.targets["captions"]) == 5
    assert len(list(dataset.texts())) == 5 * 1700


def test_av_digits_reads_its_sister_folders_and_splits_by_speaker() -> None:
    if not (PACKS / "av_digits").is_dir():
        pytest.skip("the pack av_digits is not in ../shared/data")
    dataset = prepared(
        PACKS, manifest="av_digits/manifest.jsonl", group_by="speaker", split={"test_groups": ["jackson"]}
    )
    facts = dataset.describe()
    assert facts["classes"]["label"] == list(range(10)) and facts["sample_rate"] == 8000
    assert facts["groups"]["test"] == ["jackson"] and facts["sizes"]["test"] == 500
    sample = dataset.split("test")[0]
    assert sample.inputs["image"].shape == (28, 28, 3) and sample.inputs["audio"].rate == 8000
    with pytest.raises(DataError, match=r"manifest\.jsonl:1, .*: (image|audio) must lie inside"):
        prepared(PACKS / "av_digits")


@pytest.fixture
def rich(tmp_path: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ten rows with a mask, an object, tagged tokens, a transcript, a score, a video and two columns."""
    for n, row in enumerate(rows):
        mask = np.full((4, 6), n % 2, np.uint8)
        mask[0, 0] = 2
        Image.fromarray(mask).save(tmp_path / f"images/mask{n}.png")
        for frame in (2, 10):
            picture(tmp_path / f"clip{n}/{frame}.png", 10 * n + frame)
        row |= {"mask": f"images/mask{n}.png", "objects": [{"category": "xy"[n % 2], "bbox": [0, 0, 5, 4], "id": n}]}
        row |= {"tokens": ["a", f"cat{n}"], "tags": ["O", "B-pet"], "transcript": f"said {n}", "score": n / 2}
        row |= {"video": f"clip{n}", "age": n or None, "city": "uv"[n % 2]}
    write(tmp_path, rows)
    return rows


def test_every_kind_of_annotation_is_read(tmp_path: Path, rich: list[dict[str, Any]]) -> None:
    dataset = prepared(tmp_path, classes={"mask": ["sky", "road", None]})
    assert list(dataset.inputs) == ["image", "text", "video"] and dataset.extra == {"words": "tokens"}
    sample = dataset.split("train")[1]
    assert sample.targets["mask"].tolist() == [[255] + [1] * 5] + [[1] * 6] * 3
    assert sample.targets["objects"] == [{"category": "y", "bbox": [0, 0, 5, 4]}]
    assert (sample.inputs["words"], sample.targets["tags"]) == (["a", "cat1"], ["O", "B-pet"])
    assert (sample.targets["transcript"], sample.targets["score"]) == ("said 1", 0.5)
    assert sample.inputs["video"][:, 0, 0, 0].tolist() == [12, 20]
    facts = dataset.describe()
    assert facts["classes"] == {
        "label": ["a", "b"],
        "mask": ["sky", "road"],
        "objects": ["x", "y"],
        "tags": ["B-pet", "O"],
    }
    assert facts["columns"]["inputs"]["words"] == "tokens"
    assert {"said 0", "cat3", "text 2"} <= set(dataset.texts())
    assert prepared(tmp_path).describe()["classes"]["mask"] == ["0", "1", "2"]


def test_named_columns_are_one_row_of_numbers_and_names(tmp_path: Path, rich: list[dict[str, Any]]) -> None:
    dataset = prepared(tmp_path, inputs={"tabular": ["age", "city"]}, targets={"label": "label"})
    rows = dataset.split("train")
    assert rows[0].inputs["tabular"] == {"city": "u"} and rows[3].inputs["tabular"] == {"age": 3, "city": "v"}
    assert dataset.describe()["modality"]["tabular"] == {
        "kind": "tabular",
        "columns": [{"name": "age", "mean": 3.0, "std": 1.41421}, {"name": "city", "values": ["u", "v"]}],
    }


def test_a_decimal_comma_counts_in_numbers_only(tmp_path: Path) -> None:
    lines = ["id;text;size;score;label", "1.234;1,5;1.200;1,5;1,0", "1,234;2,5;3,25;2.000;2,0"]
    lines = [f"{line};{side}" for line, side in zip(lines, ["split", "train", "train"], strict=True)]
    lines += ["v;v;1,0;1,0;2,0;val", "t;t;1,0;1,0;2,0;test"]
    (tmp_path / "m.csv").write_text("\n".join(lines))
    form = {"delimiter": "semicolon", "decimal": "comma"}
    inputs = {"text": "text", "tabular": ["size"]}
    dataset = prepared(tmp_path, manifest="m.csv", csv=form, inputs=inputs)
    first, second = dataset.split("train")
    assert (first.id, first.inputs["text"], first.inputs["tabular"]) == ("1.234", "1,5", {"size": 1200.0})
    assert (second.id, second.inputs["text"], second.inputs["tabular"]) == ("1,234", "2,5", {"size": 3.25})
    assert [row.targets for row in (first, second)] == [
        {"label": "1,0", "score": 1.5},
        {"label": "2,0", "score": 2000.0},
    ]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"tags": ["O"]}, "tags must be one for each word, got 1 for the 2 of words"),
        ({"tags": ["O", "pet"]}, "tags must be O, B-<type> or I-<type>, got 'pet'"),
        (
            {"objects": [{"category": "x", "bbox": [4, 0, 5, 4]}]},
            r"objects must lie inside the image, 6x4, got bbox \[",
        ),
        ({"objects": [{"category": "x", "bbox": [0, 0, -1, 4]}]}, "objects must have a bbox .* positive width"),
        ({"mask": "images/large.png"}, "mask 'images/large.png' must be as large as the image, 6x4, got 8x4"),
        ({"mask": "images/1.png"}, "mask 'images/1.png' must have one number of at most 8 bits a pixel, got mode RGB"),
        ({"mask": "images/high.png"}, "mask 'images/high.png' must hold numbers below 3, or 255 for none, got 7"),
        ({"score": "high"}, "score must be a finite number, got 'high'"),
        ({"transcript": 7}, "transcript must be a text, got 7"),
        ({"tokens": ["a", 3]}, r"words must be a list of words, got \['a', 3\]"),
        ({"video": "clip.mp4"}, "video must be a folder of frames or a list of their paths, got 'clip.mp4'"),
        ({"video": ["clip1/2.png", "wide.png"]}, "video must have frames of one size, got 6x4 and 9x4"),
    ],
)
def test_a_bad_annotation_is_refused_with_its_line_or_skipped(
    tmp_path: Path, rich: list[dict[str, Any]], cells: dict[str, Any], message: str
) -> None:
    Image.new("L", (8, 4)).save(tmp_path / "images/large.png")
    Image.new("L", (6, 4), 7).save(tmp_path / "images/high.png")
    Image.new("RGB", (9, 4)).save(tmp_path / "wide.png")
    rich[4] |= cells
    write(tmp_path, rich)
    with pytest.raises(DataError, match=rf"manifest\.jsonl:5, sample r4: {message}"):
        prepared(tmp_path, classes={"mask": ["sky", "road", None]})
    dataset = prepared(tmp_path, classes={"mask": ["sky", "road", None]}, on_error="skip")
    assert [row["id"] for row in dataset.skipped] == ["r4"] and len(dataset.split("train")) == 5


def test_masks_frames_and_names_are_in_the_fingerprint(tmp_path: Path, rich: list[dict[str, Any]]) -> None:
    prints = {prepared(tmp_path).fingerprint(), prepared(tmp_path, classes={"mask": ["a", "b", "c"]}).fingerprint()}
    Image.fromarray(np.random.default_rng(0).integers(0, 2, (4, 6), np.uint8)).save(tmp_path / "images/mask0.png")
    prints.add(prepared(tmp_path).fingerprint())
    Image.fromarray(np.random.default_rng(0).integers(0, 99, (4, 6, 3), np.uint8)).save(tmp_path / "clip0/10.png")
    prints.add(prepared(tmp_path).fingerprint())
    assert len(prints) == 4


CAMVID = [
    "sky",
    "building",
    "pole",
    "road",
    "pavement",
    "tree",
    "sign",
    "fence",
    "car",
    "pedestrian",
    "bicyclist",
    None,
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pack", "options", "target", "classes"),
    [
        ("camvid_segmentation", {"targets": {"mask": "mask"}, "classes": {"mask": CAMVID}}, "mask", 11),
        ("pennfudan_ped", {}, "objects", 1),
        ("coco_mini", {"targets": {"objects": "objects"}}, "objects", 80),
        ("flickr_entities_fr_ner", {}, "tags", 19),
        ("fsdd_spoken_digits", {"targets": {"transcript": "text"}}, "transcript", None),
    ],
)
def test_a_pack_of_real_data_is_read(pack: str, options: Any, target: str, classes: int | None) -> None:
    if not (PACKS / pack).is_dir():
        pytest.skip(f"its data is not there: no {pack} in ../shared/data")
    dataset = prepared(PACKS, manifest=f"{pack}/manifest.jsonl", **options)
    assert not dataset.skipped and target in dataset.targets
    known = dataset.describe()["classes"].get(target)
    assert (None if known is None else len(known)) == classes
    for sample in dataset.split("test")[:3]:
        if target == "mask":
            mask = sample.targets["mask"]
            assert mask.shape == sample.inputs["image"].shape[:2] and set(mask.flat) <= {*range(11), 255}
        if target == "tags":
            assert len(sample.inputs["words"]) == len(sample.targets["tags"])


def test_items_are_read_for_the_next_item_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, [{"items": ["a", n], "text": "x", "item": "bc"[n % 2], "split": s} for n, s in enumerate(SPLITS)])
    dataset = prepared(tmp_path)
    assert list(dataset.inputs) == ["text"] and list(dataset.extra) == ["items"]
    assert dataset.companions["item"] == ["text", "items"] and dataset.companions["label"] == ["text"]
    facts = dataset.describe()
    assert facts["modality"]["items"]["symbols"] == [*"012345", "a"]
    assert facts["classes"]["item"] == [*"012345", "a", "b", "c"]


def test_a_picture_is_a_target_if_it_is_named(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    assert "image" not in prepared(tmp_path).targets
    dataset = prepared(tmp_path, targets={"image": "image"})
    assert dataset.split("test")[0].targets["image"].shape == (4, 6, 3) and not dataset.describe()["classes"]
    rows[0]["image"] = "gone.png"
    write(tmp_path, rows)
    with pytest.raises(DataError, match=r"image 'gone\.png' must be a file, got none"):
        prepared(tmp_path, inputs={"text": "text"}, targets={"image": "image"})
    rows[0]["image"] = "../gone.png"
    write(tmp_path, rows)
    with pytest.raises(DataError, match=r"image must lie inside .*, got '\.\./gone"):
        prepared(tmp_path, inputs={"text": "text"}, targets={"image": "image"}, on_error="skip")


def test_turns_of_a_talk_are_read_for_the_reply_and_nothing_else(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    talks = [["what is it", f"a cube {n}", "where is it"] for n in range(len(rows))]
    whole = [row | {"history": talks[n], "reply": f"there {n}"} for n, row in enumerate(rows)]
    whole[1]["history"], whole[2]["history"] = "who is it", []
    write(tmp_path, whole)
    dataset = prepared(tmp_path)
    assert "history" not in dataset.inputs and dataset.companions["reply"] == ["image", "text", "history"]
    given = [sample.inputs.get("history") for sample in dataset.split("train")][:4]
    assert given == [tuple(talks[0]), ("who is it",), None, tuple(talks[3])]
    assert dataset.split("train")[0].targets["reply"] == "there 0"
    assert {"what is it", "who is it", "a cube 3", "there 5"} <= set(dataset.texts())
    facts = dataset.describe()
    assert facts["modality"]["history"] == {"kind": "text"} and "reply" not in facts["classes"]


def test_a_reply_or_a_turn_that_is_no_text_is_refused(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    for cell, rule in (("reply", "reply must be a text, got 3"), ("history", "history must be a text or a list")):
        write(tmp_path, [{**row, "reply": "so", "history": "why", cell: 3} for row in rows])
        with pytest.raises(DataError, match=rule):
            prepared(tmp_path)


MARKS = ("", "NA", "n/a", "null", "nan", "?", "-")
CELLS: dict[str, Callable[[random.Random], Any]] = {
    "whole": lambda draw: draw.randint(0, 99),
    "digits": lambda draw: str(draw.randint(0, 99)),
    "fraction": lambda draw: f"{draw.random():.3f}",
    "comma": lambda draw: f"{draw.randint(0, 99)},{draw.randint(10, 99)}",
    "word": lambda draw: draw.choice(["Rome", "\u0932\u093e\u0932", "a,b", "\u041e\u0441\u043b\u043e"]),
    "file": lambda draw: draw.choice(["a.heic", "b.heic"]),
    "list": lambda draw: [draw.random(), 1],
    "mark": lambda draw: draw.choice(MARKS),
}
"""Kinds of cells that a random table is drawn from."""


def random_table(draw: random.Random) -> list[dict[str, Any]]:
    """A table of mostly one kind of cell a column, some of another, and labels of mixed types, some of them missing."""
    rows: list[dict[str, Any]] = [{"id": str(n)} for n in range(draw.randint(6, 30))]
    for column in ("age", "city", "free"):
        usual, other = draw.choice([*CELLS]), draw.choice([*CELLS])
        rare = draw.choice([0.0, 0.1, 0.5])
        for row in rows:
            row[column] = CELLS[other if draw.random() < rare else usual](draw)
    for row in rows:
        row["label"] = draw.choice([0, "0", 1.0, " 1", "1", "Yes"]) if draw.random() < 0.95 else draw.choice(MARKS[:1])
        row["split"] = draw.choice(["train", "train", "val", "test"])
    return [*rows, *({**row, "id": f"{row['id']}-again"} for row in rows[:2])]


def outcome(folder: Path, rows: list[dict[str, Any]]) -> Any:
    """What a table comes to: samples used and skipped, kinds, classes and facts; or why it is refused."""
    write(folder, rows)
    inputs = {"tabular": ["age", "city"], "free": "free"}
    dataset = Manifest(root=str(folder), inputs=inputs, on_error="skip")
    try:
        dataset.prepare()
    except DataError as fault:
        return re.sub(r".*?jsonl(:\d+, sample [\w-]+)?: ", "", str(fault))
    facts = dataset.describe()
    used = {sample.id for name in facts["sizes"] for sample in dataset.split(name)}
    skipped = {one["id"] for one in dataset.skipped}
    assert len(used) + len(skipped) == len(rows) == len(used | skipped) == sum(facts["sizes"].values()) + len(skipped)
    kinds = {one.column: (one.kind, one.values, one.missing) for one in dataset.overview()}
    return used, skipped, kinds, facts["classes"], facts["modality"]["tabular"]["columns"]


@pytest.mark.parametrize("seed", range(40))
def test_every_row_is_used_or_skipped_and_the_order_of_rows_changes_nothing(seed: int, tmp_path: Path) -> None:
    """Seeded random tables, as there is no hypothesis among what the tests need."""
    draw = random.Random(seed)
    rows = random_table(draw)
    found = outcome(tmp_path, rows)
    for _ in range(2):
        draw.shuffle(rows)
        other = outcome(tmp_path, rows)
        if isinstance(found, str):
            assert isinstance(other, str) and other.split(", got")[0] == found.split(", got")[0]
        else:
            assert other == found


def test_an_image_changed_at_the_same_size_is_another_fingerprint(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    before = prepared(tmp_path).fingerprint()
    path = tmp_path / "images/3.png"
    size = path.stat().st_size
    picture(path, 33)
    assert path.stat().st_size == size and prepared(tmp_path).fingerprint() != before


def test_a_picture_in_two_splits_is_refused_and_kept_together_where_splits_are_drawn(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    rows[8]["image"] = rows[0]["image"]
    write(tmp_path, rows)
    with pytest.raises(DataError, match=r"got the same file content in two .* r0 \(train\) and r8 \(test\)") as caught:
        prepared(tmp_path)
    assert "dataset.group_by=image" in caught.value.hint
    assert prepared(tmp_path, on_leak="warn").notes[-1].startswith("leak: 1 samples")
    assert prepared(tmp_path, group_by="image").notes == ["columns not used: split."]
    for seed in range(5):
        drawn = prepared(tmp_path, split={"ratios": [0.6, 0.2, 0.2], "seed": seed})
        assert any({"r0", "r8"} <= {*ids(drawn, name)} for name in ("train", "val", "test"))


def test_a_table_as_it_comes_is_read(tmp_path: Path) -> None:
    lines = [f"{n}\t{'abc'[n % 3]} {n}\t{'x|y' if n % 2 else 'y'}\t{'test' if n > 7 else 'train'}" for n in range(10)]
    (tmp_path / "m.tsv").write_text("\n".join(["Id\tTEXT\t Labels\tSplit", *lines]))
    dataset = prepared(tmp_path, manifest="m.tsv", csv={"lists": "pipe"})
    assert dataset.describe()["classes"] == {"labels": ["x", "y"]}
    assert dataset.describe()["sizes"] == {"train": 7, "val": 1, "test": 2}
    assert dataset.notes == ["val: 1 rows drawn from train (dataset.split.seed=0), as column 'Split' names none."]


def test_a_name_in_another_case_is_refused_with_the_one_that_is_there(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    rows[2]["image"] = "Images/2.PNG"
    write(tmp_path, rows)
    with pytest.raises(DataError, match=r"image 'Images/2\.PNG' must be a file, got none\. There is 'images/2\.png'\."):
        prepared(tmp_path)


def test_rows_of_train_may_lack_their_targets_if_that_is_asked_for(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    whole = prepared(tmp_path).fingerprint()
    write(tmp_path, [{**row, "label": None} if row["id"] in ("r0", "r3") else row for row in rows])
    with pytest.raises(DataError, match="sample r0: label must have a value, got None") as caught:
        prepared(tmp_path)
    assert "+dataset.split.unlabeled=true" in str(caught.value.hint)
    dataset = prepared(tmp_path, split={"unlabeled": True})
    assert ids(dataset, "train") == ["r1", "r2", "r4", "r5", "r0", "r3"] and dataset.unlabeled == 2
    assert dict(dataset.split("train")[5].targets) == {} and len(list(dataset.values("label"))) == 4
    assert {"text 0", "text 3"} <= set(dataset.texts()) and dataset.fingerprint() != whole
    write(tmp_path, [{**row, "label": None} if row["id"] in ("r0", "r9") else row for row in rows])
    with pytest.raises(DataError, match="label must have a value in"):
        prepared(tmp_path, split={"unlabeled": True})
