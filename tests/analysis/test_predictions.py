from __future__ import annotations

import json
from typing import Any

import pytest

from mmexp.analysis.predictions import groups_of, majority_class, plain, read_predictions, references, scores, written
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow

KEY = "test/accuracy"


def predicted(tmp_path, rows: list[dict[str, Any]]) -> RunRow:
    folder = RunFolder.create(tmp_path, "x")
    folder.predictions("test").parent.mkdir()
    folder.predictions("test").write_text("".join(json.dumps({"id": i, **row}) + "\n" for i, row in enumerate(rows)))
    return RunRow(folder, "done")


def test_each_sample_has_its_score_and_its_group(tmp_path):
    rows = [
        {"label": "a", "target": "a", "group": "ann"},
        {"label": "b", "target": "a"},
        {"label": "b", "target": None},
    ]
    run = predicted(tmp_path, rows)
    assert scores(run, KEY) == {"0": 1.0, "1": 0.0} and groups_of(run, KEY) == {"0": "ann"}
    assert majority_class(run, KEY) == {"0": 1.0, "1": 1.0}
    assert scores(run, "test/bleu") == {} and scores(run, "test/mae") == {}


def test_an_absolute_error_is_a_score(tmp_path):
    assert scores(predicted(tmp_path, [{"prediction": 0.5, "target": 2}]), "test/mae") == {"0": 1.5}


def test_labels_in_any_order_are_one(tmp_path):
    assert plain(["b", "a"]) == plain(["a", "b"]) != plain("ab")


def test_a_file_that_changes_is_read_again_and_a_broken_one_is_none(tmp_path):
    run = predicted(tmp_path, [{"label": 1, "target": 1}])
    assert len(read_predictions(run, KEY)) == 1
    path = run.folder.predictions("test")
    path.write_text(path.read_text() * 2)
    assert len(read_predictions(run, KEY)) == 2
    path.write_text('{"id": 0, "label"')
    assert read_predictions(run, KEY) == []
    path.unlink()
    assert read_predictions(run, KEY) == []


def test_a_generated_text_has_one_of_several_columns_and_references_are_one_or_many():
    assert written({"id": "s0", "reply": "yes", "target": "no"}) == "yes"
    assert references({"caption": "a", "references": ["b", "c"]}) == ("b", "c")
    assert references({"label": "a", "target": "b"}) == ("b",) and references({"label": "a", "target": None}) == ()
    with pytest.raises(KeyError, match="''"):
        written({"id": "s0", "score": 1.0})
