from __future__ import annotations

from mmexp.dataset.kind.inspection import Inspection
from mmexp.dataset.kind.kinds import standard
from mmexp.dataset.table.fingerprint import fingerprint, table_fingerprint
from mmexp.dataset.table.reader import Record
from mmexp.dataset.table.rows import Fields, Row

INSPECTED = {
    ("mask", "m.png"): Inspection("3"),
    ("video", "1.png"): Inspection("4"),
    ("video", "2.png"): Inspection("5"),
}

KINDS = standard()
FIELDS = Fields({name: KINDS[name] for name in ("video", "words")}, {name: KINDS[name] for name in ("mask", "score")})


def row(**targets) -> Row:
    return Row("a", "m:1", {"video": ["1.png", "2.png"], "words": ["a"]}, targets, FIELDS)


def test_every_target_frame_content_name_and_the_order_count():
    base = {"train": [row(mask="m.png"), row(score=1.0)]}
    prints = {
        fingerprint(base, INSPECTED),
        fingerprint(base, INSPECTED, [["sky"]]),
        fingerprint({"train": base["train"][::-1]}, INSPECTED),
        fingerprint({"train": [row(mask="m.png"), row(score=1.5)]}, INSPECTED),
        fingerprint(base, {**INSPECTED, ("video", "2.png"): Inspection("6")}),
        fingerprint(base, {**INSPECTED, ("mask", "m.png"): Inspection("6")}),
    }
    assert len(prints) == 6 and fingerprint(base, INSPECTED) in prints


def test_a_table_is_known_in_whatever_order_its_rows_stand():
    records = [Record("a", "m:1", {"x": 1}), Record("b", "m:2", {"x": 2})]
    assert table_fingerprint(records) == table_fingerprint(records[::-1]) != table_fingerprint(records[:1])
