from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow
from mmexp.search.way import Ways, fresh_seeds, with_words


@pytest.fixture
def run(tmp_path: Path) -> RunRow:
    (tmp_path / "summary.json").write_text(json.dumps({"anchor": None}))
    return RunRow(RunFolder(tmp_path), "done", config={"inputs": ["image", "text"]}, alone=("image", "text"))


def test_more_trials_begin_with_the_same_ones():
    (way,) = Ways(["fusion=gated", "dim=16"]).fused
    assert way.trials(5, seed=0)[:3] == way.trials(3, seed=0) and way.trials(1, seed=0) == [("fusion=gated", "dim=16")]
    assert way.name == "gated"


def test_an_input_alone_goes_without_the_fusion(run: RunRow):
    found = Ways(["fusion=sum,film", "dim=16", "inputs=[image,text]"]).alone(run)
    assert [way.words for way in found] == [("dim=16", "fusion=none", f"inputs=[{i}]") for i in ("image", "text")]
    assert [way.name for way in found] == ["image alone", "text alone"]


def test_with_an_anchor_an_input_alone_keeps_the_first_fusion(run: RunRow):
    run.folder.summary.write_text(json.dumps({"anchor": "text"}))
    assert Ways(["fusion=film,sum"]).alone(run)[0].words == ("fusion=film", "inputs=[image]")


def test_without_a_run_there_are_no_inputs_alone():
    assert Ways(["fusion=sum"]).alone(None) == []


def test_new_seeds_come_after_the_one_that_was_tuned_with():
    assert fresh_seeds(["seed=7"], 2) == [8, 9] and fresh_seeds([], 2) == [1, 2]


def test_a_word_takes_the_place_of_what_set_the_same():
    assert with_words(["seed=0", "dim=8"], "seed=3") == ("dim=8", "seed=3")
