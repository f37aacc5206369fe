from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow
from mmexp.search.selection import Selection

RUN = RunRow(
    RunFolder(Path("x")),
    "done",
    metrics={"val/accuracy": 0.5, "val/loss": 2.0, "val/f1": None, "test/accuracy": 0.4, "val/odd": 1.0},
    monitor="val/accuracy",
    mode="max",
    directions={"val/loss": "min", "test/accuracy": "max"},
)


@pytest.mark.parametrize(("metric", "score"), [(None, 0.5), ("val/loss", -2.0), ("val/f1", None), ("val/none", None)])
def test_more_is_better_whatever_the_metric(metric: str | None, score: float | None):
    assert Selection(metric).score(RUN) == score


def test_a_metric_of_the_test_split_is_refused_unless_it_is_allowed_by_name():
    with pytest.raises(ConfigError, match=r"metric must be one of val, .* got 'test/accuracy'") as refused:
        Selection("test/accuracy")
    assert refused.value.hint.startswith("Set search.metric=val/accuracy, or add search.select_on_test=true")
    allowed = Selection("test/accuracy", select_on_test=True)
    assert allowed.score(RUN) == 0.4 and allowed.note.startswith("Chosen by test/accuracy: ")
    assert Selection().note == Selection("val/loss", select_on_test=True).note == ""


def test_a_metric_of_no_split_or_of_no_direction_is_refused():
    with pytest.raises(ConfigError, match="metric must begin with val/, got 'accuracy'"):
        Selection("accuracy")
    with pytest.raises(ConfigError, match="known whether more or less is better, got 'val/odd'"):
        Selection("val/odd").score(RUN)
