"""Make a table of what photographs show: one caption as input, the words of their other captions as labels.

A word counts that at least two of the other people wrote of a photograph; labels are the words that the most
photographs of the training split have, without function words. The photograph shows what its own caption leaves out,
the caption says what is hard to see, so that both have to be read.

    python scripts/tools/name_contents.py <folder of manifest.jsonl> <new folder> --labels 40
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
from collections import Counter
from pathlib import Path

_WORD = re.compile(r"[a-z]+")
_FUNCTION = """
a an and are as at be by down for from front has her his in into is it its near of off on one onto other out over some
that the their there this three through to top two up while who with by behind around across along towards next
"""


def words(caption: str) -> set[str]:
    """Return the words of a caption that say something of its photograph."""
    return set(_WORD.findall(caption.lower())) - set(_FUNCTION.split())


def agreed(captions: list[str], at_least: int = 2) -> set[str]:
    """Return the words that so many of the captions have."""
    counts = Counter(word for caption in captions for word in words(caption))
    return {word for word, count in counts.items() if count >= at_least}


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--labels", type=int, default=40, help="how many words are labels")
    asked = parser.parse_args()
    rows = [json.loads(line) for line in (asked.source / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    seen = Counter(word for row in rows if row["split"] == "train" for word in agreed(row["captions"][1:]))
    labels = {word for word, _ in sorted(seen.items(), key=lambda pair: (-pair[1], pair[0]))[: asked.labels]}
    kept = ("id", "image", "split")
    table = [
        {name: row[name] for name in kept}
        | {"text": row["captions"][0], "labels": sorted(agreed(row["captions"][1:]) & labels)}
        for row in rows
    ]
    shutil.copytree(asked.source, asked.target)
    lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in table)
    (asked.target / "manifest.jsonl").write_text(lines, encoding="utf-8")
    print(f"{len(table)} photographs in {asked.target}; labels: {' '.join(sorted(labels))}")


if __name__ == "__main__":
    main()
