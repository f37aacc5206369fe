from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmexp.analysis.compare import compare
from mmexp.analysis.difference import Difference, by_t
from mmexp.analysis.verdict import BaselineComparison, Verdict, adjust
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow

counter = iter(range(10_000))
BOTH = ["image", "text"]


def run(
    value: float, seed: int = 0, *, alone: tuple[str, ...] | None = None, data: str = "ab", **config: Any
) -> RunRow:
    config = {"task": "vqa", "dataset": "world", "fusion": "gated", "inputs": BOTH, "seed": seed} | config
    folder = RunFolder(Path("nowhere") / "x" / f"20260101-000000-{next(counter):04x}")
    return RunRow(
        folder, "done", config=config, metrics={"test/f1": value}, monitor="val/f1", fingerprint=data, alone=alone
    )


def single(name: str, value: float, seed: int = 0, **config: Any) -> RunRow:
    return run(value, seed, **({"inputs": [name], "fusion": "none"} | config))


def baselines(image: float, text: float, chance: float, **config: Any) -> list[RunRow]:
    rows = [row for s in range(3) for row in (single("image", image, s, **config), single("text", text, s, **config))]
    return rows + [
        run(chance, s, fusion="concat", control=c, **config) for s in range(3) for c in ("blank", "shuffled")
    ]


def fused(*values: float, **config: Any) -> list[RunRow]:
    return [run(value, seed, **config) for seed, value in enumerate(values)]


def verdict_of(runs: list[RunRow], rows: list[RunRow], metric: str = "test/f1", mode: str = "max") -> Verdict:
    verdict = BaselineComparison([*runs, *rows]).verdict(runs, metric, mode)
    assert verdict is not None
    return verdict


def test_a_fusion_that_beats_its_best_input_says_so_with_the_interval():
    verdict = verdict_of(fused(0.80, 0.81, 0.82), baselines(0.7, 0.6, 0.1))
    assert verdict.text == "beats its best single modality (image) by 0.110 [0.085, 0.135] (95 %)"
    assert (verdict.outcome, verdict.baseline, verdict.is_better) == ("better", "image", True)


def test_a_lead_within_chance_variation_is_no_better():
    verdict = verdict_of(fused(0.70, 0.75, 0.68), baselines(0.7, 0.6, 0.1))
    assert verdict.outcome == "no_better"
    assert verdict.text.startswith("no better than image alone: 0.010 [-0.0")
    assert verdict.text.endswith("] (95 %); cannot be distinguished with 3 seeds: about 104 seeds would be needed")


def test_what_does_not_beat_the_best_control_is_at_chance():
    verdict = verdict_of(fused(0.71, 0.70, 0.72), baselines(0.3, 0.3, 0.71))
    assert (verdict.outcome, verdict.baseline) == ("at_chance", "blank")
    assert verdict.text.startswith("not shown above chance (control with blank inputs): 0.000 [-0.0")


def test_a_missing_single_leaves_it_open_and_says_what_to_type():
    runs = fused(0.9, 0.9, 0.9)
    verdict = verdict_of(runs, [single("image", 0.1, seed) for seed in range(3)])
    assert verdict.outcome == "unknown"
    paths = " ".join(str(one.folder.path.absolute()) for one in runs)
    assert verdict.text == "not compared, because baselines are missing"
    assert verdict.hint == f"Run: mmexp baselines {paths}"


@pytest.mark.parametrize("other", [{"training.epochs": 2}, {"data": "cd"}, {"task": "captioning"}, {"dataset": "x"}])
def test_baselines_with_another_config_or_other_data_are_none(other):
    assert verdict_of(fused(0.9, 0.9, 0.9), baselines(0.1, 0.1, 0.1, **other)).outcome == "unknown"


def test_what_belongs_to_the_fusion_may_differ():
    own = {"fusion.depth": 2, "pool@fusion.pool": "max", "encoder@fusion.expert": "cnn"}
    assert verdict_of(fused(0.9, 0.9, 0.9, **own), baselines(0.1, 0.1, 0.1)).outcome == "better"
    assert verdict_of(fused(0.9, 0.9, 0.9, **{"pool@task.pool": "max"}), baselines(0.1, 0.1, 0.1)).outcome == "unknown"


def test_the_baselines_of_runs_are_found_once_and_those_of_other_data_are_not():
    own, more = baselines(0.7, 0.6, 0.1), baselines(0.7, 0.6, 0.1, data="cd")
    found = BaselineComparison([*own, *more]).of([*fused(0.8, 0.8), *own])
    assert {id(one) for one in found} == {id(one) for one in own if one.config["seed"] < 2} and len(found) == 8


def test_only_shared_seeds_count():
    rows = [single(name, 0.1, seed) for name in BOTH for seed in (5, 6, 7)]
    assert verdict_of(fused(0.9, 0.9, 0.9), rows).outcome == "unknown"


def test_the_best_single_is_the_least_loss_where_less_is_better():
    verdict = verdict_of(fused(0.30, 0.31, 0.32), baselines(0.5, 0.9, 2.0), mode="min")
    assert (verdict.outcome, verdict.baseline) == ("better", "image")
    assert verdict.margin is not None and verdict.margin.mean == pytest.approx(0.19)


def test_without_an_interval_chance_variation_is_not_ruled_out():
    assert verdict_of(fused(0.8), baselines(0.7, 0.6, 0.1)).text == (
        "beats its best single modality (image) by 0.100, but 3 shared seeds are needed to rule out chance variation"
    )


def test_of_several_ways_to_use_one_input_the_one_with_most_seeds_is_taken():
    rows = [*baselines(0.7, 0.6, 0.1), single("image", 0.99, 0, fusion="attention")]
    assert verdict_of(fused(0.80, 0.81, 0.82), rows).outcome == "better"
    rows += [single("image", 0.99, seed, fusion="attention") for seed in (1, 2)]
    assert verdict_of(fused(0.80, 0.81, 0.82), rows).outcome == "no_better"


def test_a_single_or_a_control_has_no_verdict():
    rows = baselines(0.7, 0.6, 0.1)
    assert all(BaselineComparison(rows).verdict([one], "test/f1", "max") is None for one in rows)


def test_a_task_that_needs_all_its_inputs_must_beat_its_controls():
    runs = fused(0.8, 0.81, 0.82, alone=())
    assert verdict_of(runs, []).outcome == "unknown"
    verdict = verdict_of(runs, [run(0.1, seed, control="shuffled") for seed in range(3)])
    assert verdict.is_better and verdict.text.startswith("beats its best control (shuffled) by 0.710 [")


def test_without_controls_accuracy_must_beat_the_majority_class(tmp_path):
    folder = RunFolder.create(tmp_path, "x")
    folder.predictions("test").parent.mkdir()
    rows = [{"id": str(i), "label": "a", "target": "a" if i else "b"} for i in range(20)]
    folder.predictions("test").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = {"inputs": BOTH, "seed": 0}
    found = BaselineComparison([]).verdict(
        [RunRow(folder, "done", config=config, metrics={"test/accuracy": 0.95})], "test/accuracy", "max"
    )
    assert found is not None and (found.outcome, found.baseline) == ("at_chance", "majority class")


def test_grouped_by_one_key_each_run_still_meets_its_own_baselines():
    rows = [row for epochs in (1, 2) for row in baselines(0.6 + epochs / 10, 0.1, 0.1, **{"training.epochs": epochs})]
    runs = [one for epochs in (1, 2) for one in fused(0.90, 0.91, 0.92, **{"training.epochs": epochs})]
    (ranking,) = compare([*rows, *runs], by=["fusion"])
    found = dict(
        zip(
            [one.config["fusion"] for one in ranking.groups],
            BaselineComparison([*rows, *runs]).verdicts(ranking),
            strict=True,
        )
    )
    assert found["none"] is None
    assert found["gated"] is not None and found["gated"].margin is not None
    assert found["gated"].margin.mean == pytest.approx(0.91 - 0.75)


def test_as_plain_data_it_has_the_same_keys_whatever_it_says():
    verdict = Verdict("better", (RunFolder(Path("1")),), "image", Difference(0.1, 0.05, 0.15))
    known = {
        "text": verdict.text,
        "outcome": "better",
        "baseline": "image",
        "difference": 0.1,
        "low": 0.05,
        "high": 0.15,
    }
    assert verdict.plain().items() >= known.items()
    unknown = Verdict("unknown", (RunFolder(Path("1")),)).plain()
    assert unknown.keys() == verdict.plain().keys()
    assert set(unknown.items()) >= {("baseline", None), ("difference", None), ("low", None)}


def test_false_alarms_of_all_fusions_of_a_ranking_are_counted():
    rows = baselines(0.70, 0.1, 0.1)
    small = [run for i in range(8) for run in fused(0.705, 0.75, 0.74, **{"fusion.depth": i})]
    strong = fused(0.900, 0.901, 0.902, **{"fusion.depth": 9})
    (ranking,) = compare([*strong, *small])
    best, *others = BaselineComparison([*rows, *strong, *small]).verdicts(ranking)
    assert best is not None and best.is_better and best.compared == 9 and "by Holm over 9" in best.text
    assert all(other is not None and other.outcome == "no_better" for other in others)


def test_a_fusion_that_is_shown_to_be_worse_says_so_if_all_comparisons_count():
    behind = Verdict("no_better", (), "image", by_t(-0.05, 0.01, 2, 3, "seeds", "t"))
    assert behind.is_worse and behind.text.startswith("worse than image alone: -0.050 [-0.093, -0.007]")
    (first, *_) = adjust([behind, replace(behind, margin=by_t(0.01, 0.02, 2, 3, "seeds", "t"))])
    assert first is not None and not first.is_worse
    assert first.text == "no better than image alone: -0.050 [-0.093, -0.007] (95 %, p = 0.075 by Holm over 2)"


def test_without_an_interval_no_fusion_is_called_worse():
    behind = Verdict("no_better", (), "image", Difference(-0.05))
    assert behind.text.startswith("no better than image alone: -0.050, but 3 shared seeds are needed")


def test_a_verdict_that_only_holds_alone_says_so():
    ahead = Verdict("better", (), "image", by_t(0.05, 0.01, 2, 3, "seeds", "t"))
    first, second = adjust([ahead, replace(ahead, margin=by_t(0.01, 0.02, 2, 3, "seeds", "t"), outcome="no_better")])
    assert first is not None and ahead.margin is not None and ahead.margin.p is not None
    assert first.adjusted == pytest.approx(2 * ahead.margin.p) and first.outcome == "no_better"
    assert first.text == "no better than image alone: 0.050 [0.007, 0.093] (95 %, p = 0.075 by Holm over 2)"
    assert second is not None and second.needed.endswith("would be needed")
    unknown = Verdict("unknown", ())
    assert adjust([None, unknown, ahead]) == [None, unknown, replace(ahead, adjusted=ahead.margin.p)]


def test_ways_that_were_tuned_with_one_budget_are_compared_though_each_has_settings_of_its_own():
    rows = [
        one
        for s in range(3)
        for one in (
            single("image", 0.7, s, tuned=10, **{"optimizer.lr": 0.01}),
            single("text", 0.6, s, tuned=10, dim=64),
            single("image", 0.9, s, tuned=20),
            single("image", 0.95, s),
        )
    ]
    verdict = verdict_of(fused(0.80, 0.81, 0.82, tuned=10, **{"optimizer.lr": 0.001}), rows)
    assert verdict.text == "beats its best single modality (image) by 0.110 [0.085, 0.135] (95 %)"
    assert verdict_of(fused(0.80, 0.81, 0.82, **{"optimizer.lr": 0.001}), rows).outcome == "unknown"
