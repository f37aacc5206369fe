from __future__ import annotations

import json
from pathlib import Path

from mmexp.deploy.serve.audit import Audit


def test_a_log_that_is_moved_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "serve" / "audit.jsonl"
    audit = Audit(path)
    audit.write(status=200)
    path.rename(tmp_path / "old.jsonl")
    audit.write(status=404, run="a\nb % s")
    audit.close()
    (old,), (new,) = (map(json.loads, one.read_text().splitlines()) for one in (tmp_path / "old.jsonl", path))
    assert (old["status"], new["status"], new["run"]) == (200, 404, "a\nb % s")


def test_without_a_file_nothing_is_written() -> None:
    audit = Audit(None)
    audit.write(status=200)
    audit.close()
