from __future__ import annotations

from mmexp.dataset.kind.inspection import Inspection
from mmexp.dataset.kind.kinds import standard
from mmexp.dataset.table.described import describe_columns
from mmexp.dataset.table.rows import Fields, Row

KINDS = standard()


def test_facts_are_those_of_the_training_split_where_there_are_any() -> None:
    mask = KINDS["mask"].named("dataset.classes.mask", {0: "a", 9: "b"})
    fields = Fields({"voice": KINDS["audio"], "text": KINDS["text"]}, {"mask": mask})
    row = Row("a", "m:1", {"voice": "a.wav", "text": "so"}, {"mask": "m.png"}, fields)
    inspected = {
        ("voice", "a.wav"): Inspection(facts={"rate": 16000, "seconds": 1.0}),
        ("mask", "m.png"): Inspection(facts={"numbers": [0, 9]}),
    }
    columns = {"voice": "voice", "text": "text"}
    assert describe_columns(fields, columns, {"train": [row]}, inspected, KINDS) == {
        "sample_rate": 16000,
        "modality": {"voice": {"kind": "audio"}},
        "target": {"mask": {"numbers": [0, 9]}},
    }
