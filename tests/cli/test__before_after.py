from __future__ import annotations

from mmexp.cli._before_after import print_before_after


def test_a_row_for_each_way(capsys):
    before = {"way": "before", "metric": "test/f1", "value": 0.5, "low": 0.4, "high": 0.6, "drop": 0.0, "bytes": 2000}
    print_before_after([before, {**before, "way": "after", "bytes": 500, "p50": None}], {"p50": "p50 ms"})
    head, _, *rows = [line.split() for line in capsys.readouterr().out.strip().splitlines()]
    assert head == ["way", "test/f1", "95", "%", "drop", "bytes", "of", "it", "p50", "ms"]
    assert rows[1][:1] == ["after"] and "0.25" in rows[1] and rows[0][2:5] == ["0.400", "to", "0.600"]
