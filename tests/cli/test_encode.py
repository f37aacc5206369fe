from __future__ import annotations

import json

import numpy as np

from mmexp.cli import main


def test_a_column_is_written_where_it_is_asked_for(tiny, tiny_vit, tmp_path, capsys):
    image = ["encoder/image=hf", f"encoder.image.model={tiny_vit}", "encoder.image.transform.image_size=16"]
    command = ["encode", str(tiny / "manifest.jsonl"), "image", *image, "hardware=cpu", "--to"]
    assert main([*command, str(tmp_path / "x.npy")]) == 0
    assert "24 of 24 rows have a value" in capsys.readouterr().out
    found = np.load(tmp_path / "x.npy")
    assert main([*command, str(tmp_path / "x.jsonl")]) == 0
    rows = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    np.testing.assert_allclose([row["image_features"] for row in rows], found, atol=1e-4)
