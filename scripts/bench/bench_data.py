"""How long the check of a table with one image per row takes, the first time and once its files are remembered."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from mmexp.dataset.manifest import Manifest

SIDE = 64
OLD = 1_000_000_000  # seconds since 1970, so that every file may be remembered


def make(folder: Path, rows: int) -> None:
    """Write images of noise and a table of them."""
    generator = np.random.default_rng(0)
    with (folder / "manifest.jsonl").open("w") as table:
        for number in range(rows):
            path = folder / f"{number % 100}" / f"{number}.jpg"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(generator.integers(0, 256, (SIDE, SIDE, 3), np.uint8)).save(path)
            os.utime(path, (OLD, OLD))
            split = ("train", "val", "test")[max(0, number % 10 - 7)]
            row = {"id": str(number), "image": str(path.relative_to(folder)), "label": number % 7, "split": split}
            table.write(json.dumps(row) + "\n")


def seconds(folder: Path) -> float:
    """Check the data once."""
    start = time.perf_counter()
    Manifest(root=str(folder)).prepare()
    return time.perf_counter() - start


def main() -> None:
    """Make the data, check it twice, and print what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        folder.mkdir()
        os.environ["MMEXP_CACHE"] = str(Path(name) / "cache")
        make(folder, rows)
        first, second = seconds(folder), seconds(folder)
        print(f"{rows} rows: {first:.1f} s, again {second:.1f} s, {second / first:.2f}x")


if __name__ == "__main__":
    main()
