"""Copy a table with its files, without most rows of train of every other class, in the order of the names of classes.

python scripts/tools/thin_classes.py <folder of manifest.jsonl> <new folder> --label label --keep 6
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from copy_table import Rows, copy_table


def thinned(rows: Rows, label: str, keep: int) -> Rows:
    """Return the rows without those of train, of every other class, that come after the first ones.

    Args:
        rows: With ``split``.
        label: Column of the class.
        keep: Rows of train that a thinned class keeps.
    """
    rare = {*sorted({str(row[label]) for row in rows})[1::2]}
    seen, found = Counter[str](), []
    for row in rows:
        is_thinned = row["split"] == "train" and str(row[label]) in rare
        seen[str(row[label])] += is_thinned
        if not is_thinned or seen[str(row[label])] <= keep:
            found.append(row)
    return found


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--label", default="label", help="column of the class")
    parser.add_argument("--keep", type=int, default=6, help="rows of train that a thinned class keeps")
    asked = parser.parse_args()
    rows, found = copy_table(asked.source, asked.target, lambda rows: thinned(rows, asked.label, asked.keep))
    print(f"{len(found)} of {len(rows)} rows are left")


if __name__ == "__main__":
    main()
