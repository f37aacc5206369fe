"""Copy a table of boxes and captions with its images, and give each image the names of its objects as labels.

Kept are images with a caption, the first one of each, and categories that are in as many images of train as asked for.

    python scripts/tools/name_objects.py <folder of manifest.jsonl> <new folder> --least 15
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from copy_table import Row, Rows, copy_table


def categories(row: Row) -> list[str]:
    """Return the categories of the objects of a row, each once, sorted."""
    return sorted({one["category"] for one in row["objects"]})


def named(rows: Rows, least: int) -> Rows:
    """Return a row for each image with a caption: what is in it, of the categories that enough of train have.

    Args:
        rows: With ``objects``, ``captions`` and ``split``.
        least: Images of train that a category must be in.
    """
    kept = [row for row in rows if row["captions"]]
    number = Counter(name for row in kept if row["split"] == "train" for name in categories(row))
    return [
        {
            **{key: row[key] for key in ("id", "image", "split")},
            "caption": row["captions"][0],
            "labels": [name for name in categories(row) if number[name] >= least],
        }
        for row in kept
    ]


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--least", type=int, default=15, help="images of train that a category must be in")
    asked = parser.parse_args()
    rows, found = copy_table(asked.source, asked.target, lambda rows: named(rows, asked.least))
    number = len({name for row in found for name in row["labels"]})
    print(f"{len(found)} of {len(rows)} images have a caption; {number} categories are kept")


if __name__ == "__main__":
    main()
