from __future__ import annotations

import json

from mmexp.run.replay import write_replay


def test_ids_stand_by_the_number_of_their_batch(tmp_path):
    write_replay(tmp_path / "replay.json", 7, "gradient", {12: ("a", "b"), 13: ("c",)})
    found = json.loads((tmp_path / "replay.json").read_text())
    batches = [{"number": 12, "ids": ["a", "b"]}, {"number": 13, "ids": ["c"]}]
    assert found == {"step": 7, "reason": "gradient", "batches": batches}
