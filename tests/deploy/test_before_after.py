from __future__ import annotations

import pytest

from mmexp.deploy.before_after import metric_of, refuse_drop, with_drop
from mmexp.error import MmexpError
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow
from mmexp.study.scored import Scored


def run(**known) -> RunRow:
    return RunRow(RunFolder("x"), "done", monitor="val/accuracy", **known)


def test_the_metric_is_the_one_of_the_best_checkpoint_with_its_interval():
    rows = [{"id": str(i), "label": "a", "target": "ab"[i % 4 == 0]} for i in range(40)]
    found = metric_of(Scored(run(metrics={"test/accuracy": 0.75}), rows))
    assert (found["metric"], found["value"], found["over"], found["units"]) == ("test/accuracy", 0.75, "samples", 40)
    assert found["low"] < 0.75 < found["high"]
    assert metric_of(Scored(run(metrics={"test/accuracy": 0.25}), [])) == {"metric": "test/accuracy", "value": 0.25}


@pytest.mark.parametrize(("mode", "drop"), [("max", 0.25), ("min", -0.25)])
def test_a_drop_is_how_much_worse_it_is(mode, drop):
    rows = with_drop([{"value": 0.75}, {"value": 0.5}, {"value": None}], run(mode=mode))
    assert [row["drop"] for row in rows] == [0, drop, None]


def test_too_much_of_a_drop_is_refused():
    rows = [{"way": "before", "metric": "test/accuracy", "drop": 0.0}, {"way": "int8", "metric": "test/accuracy"}]
    refuse_drop([{**rows[1], "drop": 0.5}], None)
    refuse_drop([rows[0], {**rows[1], "drop": 0.01}], 0.01)
    for drop in (0.02, None):
        with pytest.raises(MmexpError, match=f"int8: drop of test/accuracy must be at most 0.01, got {drop}"):
            refuse_drop([rows[0], {**rows[1], "drop": drop}], 0.01)
