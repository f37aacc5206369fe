from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "scripts/tools/name_objects.py"


def test_an_image_has_the_categories_that_enough_of_train_have_and_its_first_caption(tmp_path: Path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    objects = [["dog", "dog", "car"], ["dog"], ["dog", "car"], ["dog"]]
    captions = [["a dog", "a car"], ["ein Hündchen"], ["both"], []]
    rows = [
        {"id": str(i), "image": f"{i}.png", "split": split, "captions": said, "objects": [{"category": n} for n in own]}
        for i, (own, said, split) in enumerate(zip(objects, captions, ("train", "train", "test", "train"), strict=True))
    ]
    (source / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = [sys.executable, SCRIPT, source, target, "--least", "2"]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    found = [json.loads(line) for line in (target / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["caption"], row["labels"]) for row in found] == [
        ("a dog", ["dog"]),
        ("ein Hündchen", ["dog"]),
        ("both", ["dog"]),
    ]
    assert done.stdout == "3 of 4 images have a caption; 1 categories are kept\n"
