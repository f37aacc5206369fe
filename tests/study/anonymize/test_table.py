from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmexp.dataset.table.reader import read_table
from mmexp.error import ConfigError, DataError
from mmexp.study.anonymize.table import Wanted, anonymize, hashed

SALT = b"0123456789abcdef"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    root.mkdir()
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(root / "anna.png")
    (root / "voice.wav").write_bytes(b"RIFF")
    (root / "note.txt").write_text("mail a@b.org")
    rows: list[dict[str, Any]] = [
        {
            "id": f"p{i}",
            "patient": f"anna{i % 2}",
            "image": "anna.png",
            "audio": "voice.wav",
            "note": "note.txt",
            "text": f"Dear Anna, call +49 30 1234567 about case {i}",
            "captions": ["a dog runs", f"case 4{i} is here"],
            "label": "ill",
            "faces": [{"bbox": [2, 2, 8, 8]}],
            "age": 30 + i,
            "none": None,
        }
        for i in range(3)
    ]
    (root / "manifest.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return root / "manifest.jsonl"


def wanted(**options: Any) -> Wanted:
    return Wanted(**{"ids": ["id"], "texts": None, "boxes": "", "salt": SALT, **options})


def test_the_copy_holds_nothing_of_it_and_the_original_is_as_it_was(table: Path, tmp_path: Path):
    before = {path: path.read_bytes() for path in table.parent.iterdir()}
    found = anonymize(table, tmp_path / "copy", wanted(ids=["id", "patient"], boxes="faces"))
    assert {path: path.read_bytes() for path in table.parent.iterdir()} == before
    rows = [json.loads(line) for line in (tmp_path / "copy/manifest.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [hashed(f"p{i}", SALT) for i in range(3)]
    assert rows[0]["patient"] == rows[2]["patient"] != rows[1]["patient"]
    assert rows[0]["text"] == "Dear [name], call [phone] about case 0"
    assert rows[1]["captions"] == ["a dog runs", "case [number] is here"]
    assert (rows[0]["label"], rows[0]["age"], rows[0]["none"]) == ("ill", 30, None)
    assert rows[0]["image"] == "image/000000.png" and rows[0]["note"].startswith("note/")
    assert (tmp_path / "copy" / rows[0]["note"]).read_text() == "mail [email]"
    whole = b"".join(path.read_bytes() for path in (tmp_path / "copy").rglob("*") if path.is_file())
    assert b"anna" not in whole and not [path for path in (tmp_path / "copy").rglob("*") if "anna" in path.name]
    assert found["columns"]["text"] == {"phone": 3, "name": 3} and found["columns"]["id"] == {"hashed": 3}
    assert found["columns"]["image"] == {"images": 3, "boxes": 3, "redrawn": 3}
    assert found["columns"]["audio"] == {"copied as they are": 1}
    assert found["texts"] == ["text", "captions"] and found["guessed"] and "label" in found["untouched"]
    assert len(read_table(tmp_path / "copy/manifest.jsonl")) == 3


def test_only_the_columns_that_are_named_are_masked(table: Path, tmp_path: Path):
    found = anonymize(table, tmp_path / "copy", wanted(ids=[], texts=["captions"]))
    (first, *_) = [json.loads(line) for line in (tmp_path / "copy/manifest.jsonl").read_text().splitlines()]
    assert first["id"] == "p0" and first["text"].startswith("Dear Anna") and "text" in found["untouched"]


def test_a_csv_stays_one(tmp_path: Path):
    (tmp_path / "t.csv").write_text('id,text,boxes\n7,"mail a@b.org, now",\n8,or not now,\n')
    anonymize(tmp_path / "t.csv", tmp_path / "copy", wanted())
    with open(tmp_path / "copy/t.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == ["mail [email], now", "or not now"] and rows[0]["id"] != "7"


def test_a_file_outside_of_the_folder_is_not_read(tmp_path: Path):
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/t.jsonl").write_text(json.dumps({"id": "a", "note": "../secret.txt"}) + "\n")
    anonymize(tmp_path / "in/t.jsonl", tmp_path / "copy", wanted())
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["t.jsonl"]


def test_hashes_depend_on_the_salt():
    assert hashed("a", SALT) == hashed("a", SALT) != hashed("a", b"other") and hashed(1, SALT) == hashed("1", SALT)


def test_what_cannot_be_copied_is_refused(table: Path, tmp_path: Path):
    with pytest.raises(ConfigError, match=r"column must be one of id, .*, got 'patent'"):
        anonymize(table, tmp_path / "copy", wanted(ids=["patent"]))
    with pytest.raises(ConfigError, match=r"--to must be a folder that is empty or not there, got '.*data'"):
        anonymize(table, table.parent, wanted())
    (table.parent / "anna.png").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"file must be an image, got UnidentifiedImageError"):
        anonymize(table, tmp_path / "copy", wanted())
    rows = [json.dumps({"id": "a", "faces": cell}) for cell in ("x", 7)]
    for number, row in enumerate(rows):
        (tmp_path / "b.jsonl").write_text(f"{row}\n")
        with pytest.raises(DataError, match=r"boxes must be lists of \[x, y, w, h\], got"):
            anonymize(tmp_path / "b.jsonl", tmp_path / f"c{number}", wanted(boxes="faces"))
