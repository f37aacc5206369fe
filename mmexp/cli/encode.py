"""``mmexp encode``: vectors of a column of a table, by a pretrained encoder."""

from __future__ import annotations

HELP = "Encode a column of a table, such as posters or texts, by a pretrained encoder."
USAGE = """
mmexp encode TABLE COLUMN --to FILE [key=value ...]

  TABLE             a table (.jsonl, .csv, .tsv, .parquet) with a row for each item or entity
  COLUMN            of images, texts, audio or videos
  --to FILE         .jsonl: the table with one more column, COLUMN_features; .npy: an array with a row for each row
  key=value         the encoder, such as encoder/image=efficientnet or encoder/text=hf; hardware.*, feature_cache
"""


def run(argv: list[str]) -> int:
    """Encode and write; see ``USAGE``."""
    from pathlib import Path

    from rich.console import Console

    from mmexp.cli._arguments import Arguments
    from mmexp.config.compose import read_config

    arguments = Arguments("encode")
    arguments.add_argument("table")
    arguments.add_argument("column")
    arguments.add_argument("words", nargs="*")
    arguments.add_argument("--to", required=True, type=Path)
    given = arguments.read(argv)
    config = read_config(given.words)

    from mmexp.study.encode import encode
    from mmexp.training.phase import phase

    with phase(Console(stderr=True), f"encoding {given.column}") as progress:
        found = encode(config, given.table, given.column, progress)
    what = found.write(given.to)
    filled = sum(value is not None for value in found.values)
    print(f"{given.to}: {what}; {filled} of {len(found.values)} rows have a value, encoded by {found.model}.")
    return 0
