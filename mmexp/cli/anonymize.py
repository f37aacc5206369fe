"""``mmexp anonymize``: a copy of a table without what says whom it is of."""

from __future__ import annotations

HELP = "Copy a table with ids hashed, metadata of images removed, texts masked and boxes blurred."
USAGE = """
mmexp anonymize TABLE --to FOLDER [--ids COLUMN,...] [--texts COLUMN,...] [--blur-boxes COLUMN] [--salt-file FILE]
                [--json]

  TABLE             a table (.jsonl, .csv, .tsv, .parquet) and the files that it names
  --to FOLDER       where the copy goes; empty or not there
  --ids COLUMN,...  columns that are hashed, such as id,patient; default: id
  --texts COLUMN,...  columns whose e-mail addresses, phone numbers, names and numbers are masked; default: prose
  --blur-boxes COLUMN  boxes [x, y, w, h] in pixels, or objects with a bbox, that are blurred in the images of their row
  --salt-file FILE  salt of the hash, made if it is not there, so that other tables get the same ids; keep it secret.
                    Without it the salt is random and is not kept
  --json            the report as JSON, and nothing else

What is found and what is not stands in anonymize.txt of the copy; read it. The original is never changed.
"""


def run(argv: list[str]) -> int:
    """Write the copy and its report; see ``USAGE``."""
    from pathlib import Path

    from mmexp.cli._arguments import Arguments
    from mmexp.run.atomic import write_atomic
    from mmexp.run.jsonfile import dumps
    from mmexp.study.anonymize.report import lines
    from mmexp.study.anonymize.salt import salt
    from mmexp.study.anonymize.table import Wanted, anonymize

    arguments = Arguments("anonymize")
    arguments.add_argument("table", type=Path)
    arguments.add_argument("--to", required=True, type=Path)
    arguments.add_argument("--ids", default="")
    arguments.add_argument("--texts")
    arguments.add_argument("--blur-boxes", default="")
    arguments.add_argument("--salt-file", type=Path)
    arguments.add_argument("--json", action="store_true")
    given = arguments.read(argv)
    ids = [one for one in given.ids.split(",") if one] or default_ids(given.table)
    texts = None if given.texts is None else [one for one in given.texts.split(",") if one]
    secret, where = salt(given.salt_file, given.to)
    found = {**anonymize(given.table, given.to, Wanted(ids, texts, given.blur_boxes, secret)), "salt": where}
    write_atomic(given.to / "anonymize.json", dumps(found))
    text = "\n".join(lines(found)) + "\n"
    write_atomic(given.to / "anonymize.txt", text)
    print(dumps(found) if given.json else text, end="")
    return 0


def default_ids(table: object) -> list[str]:
    """Return the column ``id``, if the table has one."""
    from pathlib import Path

    from mmexp.dataset.table.reader import column_names, find_column, read_table

    found = find_column("id", column_names(read_table(Path(str(table)))))
    return [found] if found else []
