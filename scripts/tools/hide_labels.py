"""Copy a table with its images, and take out of a text the words that say its label.

What is left of a title such as "Fila Men Red Sweater" is what it says in addition to its class, so that image and text
have to be read together.

    python scripts/tools/hide_labels.py <folder of manifest.jsonl> <new folder> --text title --label label
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from copy_table import Rows, copy_table

_WORD = re.compile(r"[\w-]+")
_PLURAL = re.compile(r"(?<=ch|sh|ss)es$|(?<=\w{3})(?<!s)s$")


def stem(word: str) -> str:
    """Return a word in lower case without hyphens and the ending of a plural: ``T-Shirts`` is ``tshirt``."""
    return _PLURAL.sub("", word.lower().replace("-", ""))


def hide(text: str, labels: set[str]) -> str:
    """Take out of a text all words that share a stem with the labels."""
    kept = (match[0] for match in _WORD.finditer(text) if stem(match[0]) not in labels)
    return " ".join(kept)


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--text", default="title", help="column of the text")
    parser.add_argument("--label", default="label", help="column of the label")
    asked = parser.parse_args()
    labels = set[str]()

    def change(rows: Rows) -> Rows:
        labels.update(stem(word) for row in rows for word in _WORD.findall(str(row[asked.label])))
        return [{**row, asked.text: hide(row[asked.text], labels)} for row in rows]

    rows, changed = copy_table(asked.source, asked.target, change)
    count = sum(new[asked.text] != old[asked.text] for new, old in zip(changed, rows, strict=True))
    print(f"{count} of {len(rows)} texts of {asked.target} have lost words; {len(labels)} words are hidden")


if __name__ == "__main__":
    main()
