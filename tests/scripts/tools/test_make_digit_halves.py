from __future__ import annotations

import json
import runpy
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmexp.dataset.manifest import Manifest

datasets = pytest.importorskip("sklearn.datasets", reason="needs scikit-learn")
SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "tools" / "make_digit_halves.py"


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A folder for each fold."""
    made = [tmp_path_factory.mktemp("halves") / str(fold) for fold in range(3)]
    with pytest.MonkeyPatch.context() as patch:
        for fold, folder in enumerate(made):
            patch.setattr(sys, "argv", [SCRIPT.name, str(folder), "--fold", str(fold)])
            runpy.run_path(str(SCRIPT), run_name="__main__")
    return made


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def test_the_halves_side_by_side_are_the_digit(folds: list[Path]) -> None:
    digits, own = datasets.load_digits(), rows(folds[0])
    assert len({row["id"] for row in own}) == len(own) == 500
    for row in own[:20]:
        number = int(row["id"].removeprefix("digit-"))
        whole = np.hstack([np.reshape(row[half], (8, 4)) for half in ("left", "right")])
        np.testing.assert_array_equal(whole, digits.images[number] / 16)
        assert row["label"] == digits.target[number]


def test_each_sample_is_tested_in_one_fold_and_every_fold_has_all_digits(folds: list[Path]) -> None:
    tables = [rows(folder) for folder in folds]
    tested = Counter(row["id"] for table in tables for row in table if row["split"] == "test")
    assert len(tested) == 500 and set(tested.values()) == {1}
    for table in tables:
        sizes = Counter(row["split"] for row in table)
        assert sizes["test"] in (166, 167) and sizes["val"] == 34
        assert all(
            {row["label"] for row in table if row["split"] == split} == set(range(10)) for split in ("train", "test")
        )


def test_it_is_a_dataset_of_two_vectors(folds: list[Path]) -> None:
    dataset = Manifest(root=str(folds[0]), inputs={"left": "left", "right": "right"})
    dataset.prepare()
    modality = dataset.describe()["modality"]
    assert [(known["kind"], known["width"], known["length"]) for known in modality.values()] == [
        ("vector", 32, None)
    ] * 2
