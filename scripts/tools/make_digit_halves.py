"""Write handwritten digits cut in two: a few hundred samples of two vectors, neither of which is enough alone."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold, train_test_split

SAMPLES, FOLDS, SEED = 500, 3, 0
VAL = 0.1  # share of what is not tested
BRIGHTEST = 16  # the data's own scale, 0 to 16


def rows(fold: int) -> Iterator[dict[str, object]]:
    """Samples in order; one fold of three is the test split, and a tenth of the others validates."""
    digits = load_digits()
    chosen = np.random.default_rng(SEED).permutation(len(digits.target))[:SAMPLES]
    images, labels = digits.images[chosen] / BRIGHTEST, digits.target[chosen]
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(images, labels)
    rest, test = list(folds)[fold]
    _, val = train_test_split(rest, test_size=VAL, stratify=labels[rest], random_state=SEED)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        left, right = np.hsplit(image, 2)  # [8, 4] each
        split = "test" if i in test else "val" if i in val else "train"
        halves = {"left": left.ravel().tolist(), "right": right.ravel().tolist()}
        yield {"id": f"digit-{chosen[i]}", **halves, "label": int(label), "split": split}


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fold", type=int, choices=range(FOLDS), default=0, help="which third is the test split")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row) + "\n" for row in rows(asked.fold)]
    (asked.folder / "manifest.jsonl").write_text("".join(lines), encoding="utf-8")
    print(f"{len(lines)} samples in {asked.folder}, tested on fold {asked.fold}")


if __name__ == "__main__":
    main()
