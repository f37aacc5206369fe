from __future__ import annotations

from mmexp.dataset.table.fingerprint import digest, digest_table
from mmexp.dataset.table.inspection import Probe
from mmexp.dataset.table.reader import Record
from mmexp.dataset.table.rows import Row

PROBES = {("mask", "m.png"): Probe(size=3), ("video", "1.png"): Probe(size=4), ("video", "2.png"): Probe(size=5)}


def row(**targets) -> Row:
    return Row("a", "m:1", {"video": ["1.png", "2.png"], "words": ["a"]}, targets)


def test_every_target_frame_size_name_and_the_order_count():
    base = {"train": [row(mask="m.png"), row(score=1.0)]}
    prints = {
        digest(base, PROBES, None),
        digest(base, PROBES, ["sky"]),
        digest({"train": base["train"][::-1]}, PROBES, None),
        digest({"train": [row(mask="m.png"), row(score=1.5)]}, PROBES, None),
        digest(base, {**PROBES, ("video", "2.png"): Probe(size=6)}, None),
        digest(base, {**PROBES, ("mask", "m.png"): Probe(size=6)}, None),
    }
    assert len(prints) == 6 and digest(base, PROBES, None) in prints


def test_a_table_is_known_in_whatever_order_its_rows_stand():
    records = [Record("a", "m:1", {"x": 1}), Record("b", "m:2", {"x": 2})]
    assert digest_table(records) == digest_table(records[::-1]) != digest_table(records[:1])
