from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "scripts/tools/hide_labels.py"


def test_words_that_share_a_stem_with_a_label_are_taken_out_and_the_rest_is_copied(tmp_path: Path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    rows = [
        {"id": "1", "image": "1.png", "title": "Fila Men T-Shirts Red Tshirt", "label": "Tshirts"},
        {"id": "2", "image": "2.png", "title": "Casio Watch for dress", "label": "Watches"},
        {"id": "3", "image": "3.png", "title": "Été Formal Shoe 7s", "label": "Formal Shoes"},
    ]
    (source / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (source / "1.png").write_bytes(b"pixels")
    done = subprocess.run([sys.executable, SCRIPT, source, target], check=True, capture_output=True, text=True)
    found = [json.loads(line) for line in (target / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["title"] for row in found] == ["Fila Men Red", "Casio for dress", "Été 7s"]
    assert [row["label"] for row in found] == ["Tshirts", "Watches", "Formal Shoes"]
    assert (target / "1.png").read_bytes() == b"pixels"
    assert done.stdout == f"3 of 3 texts of {target} have lost words; 4 words are hidden\n"
