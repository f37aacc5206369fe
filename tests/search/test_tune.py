from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow
from mmexp.search.tune import TuneSearch

WORDS = ["dim=16", "fusion=sum,attention", "optimizer.lr=tag(log, interval(1e-4, 1e-2))"]


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    (tmp_path / "summary.json").write_text(json.dumps({"anchor": None}))
    return RunFolder(tmp_path)


def run(folder: RunFolder, score: float, status: str = "done") -> RunRow:
    inputs = {"inputs": ["image", "text"]}
    metrics = {"val/accuracy": score}
    return RunRow(folder, status, config=inputs, metrics=metrics, monitor="val/accuracy", alone=("image", "text"))


def values(proposals: list[list[str]], key: str) -> list[str]:
    found = [[word.partition("=")[2] for word in words if word.startswith(f"{key}=")] for words in proposals]
    return [one[-1] if one else "" for one in found]


def test_each_fusion_and_each_input_alone_is_tuned_alike_and_trained_with_new_seeds(folder: RunFolder):
    search = TuneSearch(overrides=WORDS, trials=3, seeds=2)
    fused = search.ask()
    assert search.asked == "3 trial(s) of each fusion"
    assert values(fused, "fusion") == ["sum"] * 3 + ["attention"] * 3
    rates = values(fused, "optimizer.lr")
    assert rates[0] == "" and len(set(rates[:3])) == 3 and rates[:3] == rates[3:]
    for words, score in zip(fused, (0.1, 0.2, 0.3, 0.9, 0.2, 0.3), strict=True):
        search.tell(words, run(folder, score))
    alone = search.ask()
    assert search.asked == "3 trial(s) of each input alone"
    assert values(alone, "inputs") == ["[image]"] * 3 + ["[text]"] * 3 and set(values(alone, "fusion")) == {"none"}
    assert values(alone, "optimizer.lr") == rates
    for words in alone:
        search.tell(words, None if "inputs=[text]" in words else run(folder, 0.5))
    best = search.ask()
    assert search.asked == "2 new seed(s) of the best settings of each"
    assert values(best, "seed") == ["1", "2"] * 3 and set(values(best, "tuned")) == {"3"}
    assert values(best, "fusion") == ["sum"] * 2 + ["attention"] * 2 + ["none"] * 2
    assert values(best, "optimizer.lr") == [rates[2], rates[2], "", "", "", ""]
    assert search.ask() == []


def test_without_values_to_tune_each_fusion_has_its_space(folder: RunFolder):
    search = TuneSearch(overrides=["fusion=sum,attention", "seed=7"], trials=2, seeds=1)
    fused = search.ask()
    assert [sorted(word.partition("=")[0] for word in words) for words in fused] == [
        ["fusion", "seed"],
        ["fusion", "optimizer.lr", "optimizer.weight_decay", "seed"],
        ["fusion", "seed"],
        ["fusion", "fusion.num_heads", "optimizer.lr", "optimizer.weight_decay", "seed"],
    ]
    assert values(fused, "optimizer.lr")[1] == values(fused, "optimizer.lr")[3]
    search.tell(fused[0], run(folder, 0.5))
    search.ask()
    assert values(search.ask(), "seed") == ["8"]


def test_a_run_that_fuses_nothing_has_no_inputs_alone(folder: RunFolder):
    search = TuneSearch(overrides=["inputs=[text]"], trials=2, seeds=1)
    (first, _) = search.ask()
    search.tell(first, RunRow(folder, "done", config={"inputs": ["text"]}, metrics={"a": 1.0}, monitor="a"))
    assert search.ask() == [["inputs=[text]", "seed=1", "tuned=2"]]


def test_a_sweep_of_which_all_trials_failed_is_over(folder: RunFolder):
    search = TuneSearch(overrides=WORDS, trials=2)
    for words in search.ask():
        search.tell(words, run(folder, 0.5, status="failed"))
    assert search.ask() == []


@pytest.mark.parametrize("name", ["trials", "seeds"])
def test_no_trials_or_seeds_are_refused(name: str):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        TuneSearch(overrides=[], **{name: 0})


def test_selection_by_test_is_refused():
    with pytest.raises(ConfigError, match="metric must be one of val"):
        TuneSearch(overrides=[], metric="test/accuracy")
