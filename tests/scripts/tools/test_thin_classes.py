from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "scripts/tools/thin_classes.py"


def test_every_other_class_keeps_its_first_rows_of_train_and_all_of_test(tmp_path: Path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    rows = [
        {"id": f"{split}{i}{label}", "label": label, "split": split}
        for split in ("train", "test")
        for i in range(4)
        for label in "abc"
    ]
    (source / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = [sys.executable, SCRIPT, source, target, "--keep", "1"]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    found = [json.loads(line)["id"] for line in (target / "manifest.jsonl").read_text().splitlines()]
    assert [name for name in found if "b" in name] == ["train0b", *(f"test{i}b" for i in range(4))]
    assert len(found) == 24 - 3 and done.stdout == "21 of 24 rows are left\n"
