from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from mmexp.analysis.compare import compare, group, newest
from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow

counter = iter(range(10_000))


def run(value: float | None, seed: int = 0, *, fingerprint: str = "ab", status: str = "done", **config: Any) -> RunRow:
    config = {"task": "vqa", "dataset": "world", "fusion": "concat", "seed": seed} | config
    return RunRow(
        RunFolder(Path("outputs") / "x" / f"20260101-000000-{next(counter):04x}"),
        status,
        config=config,
        metrics={"val/accuracy": 0.0, "test/accuracy": value, "test/loss": None if value is None else 1 - value},
        monitor="val/accuracy",
        mode="max",
        directions={"test/loss": "min"},
        parameters=100,
        seconds=2.0 + seed,
        fingerprint=fingerprint,
    )


def test_runs_that_differ_in_their_seed_are_one_group() -> None:
    values = [0.5, 0.7, 0.9]
    [ranking] = compare([run(value, seed) for seed, value in enumerate(values)])
    [found] = ranking.groups
    assert found.seeds == [0, 1, 2]
    assert found.score("test/accuracy").values == tuple(values)
    assert found.score("test/accuracy").mean == pytest.approx(np.mean(values))
    assert found.score("test/accuracy").std == pytest.approx(np.std(values, ddof=1))
    assert found.average("seconds") == pytest.approx(3.0)


def test_one_seed_has_a_value_and_no_spread() -> None:
    [ranking] = compare([run(0.5)])
    assert ranking.groups[0].score("test/accuracy").mean == 0.5
    assert ranking.groups[0].score("test/accuracy").std is None
    assert ranking.lead is None


def test_the_best_comes_first_by_the_test_value_of_what_was_monitored() -> None:
    [ranking] = compare([run(0.2, fusion="sum"), run(0.9, fusion="gated"), run(0.5)])
    assert (ranking.metric, ranking.mode) == ("test/accuracy", "max")
    assert [one.config["fusion"] for one in ranking.groups] == ["gated", "concat", "sum"]


def test_a_metric_declares_whether_less_of_it_is_better() -> None:
    rows = [
        replace(run(value, fusion=name), directions={"test/gap": "min"})
        for name, value in (("sum", 0.2), ("gated", 0.9))
    ]
    rows = [replace(row, metrics={**row.metrics, "test/gap": row.metrics["test/accuracy"]}) for row in rows]
    [ranking] = compare(rows, metric="test/gap")
    assert ranking.mode == "min"
    assert [one.config["fusion"] for one in ranking.groups] == ["sum", "gated"]


def test_of_a_loss_less_is_better() -> None:
    [ranking] = compare([run(0.2, fusion="sum"), run(0.9, fusion="gated")], metric="test/loss")
    assert ranking.mode == "min"
    assert [one.config["fusion"] for one in ranking.groups] == ["gated", "sum"]


def test_an_undefined_metric_comes_last_and_counts_in_no_mean() -> None:
    [ranking] = compare([run(None, fusion="sum"), run(0.1), run(None, seed=1)])
    assert [one.config["fusion"] for one in ranking.groups] == ["concat", "sum"]
    assert ranking.groups[0].score("test/accuracy").mean == pytest.approx(0.1)
    assert ranking.groups[1].score("test/accuracy").mean is None


def test_without_a_test_the_monitored_value_ranks() -> None:
    [ranking] = compare([run(None), run(None, fusion="sum")])
    assert ranking.metric == "val/accuracy"


def test_columns_are_what_differs() -> None:
    [ranking] = compare([run(0.1, lr=1, inputs=["image"]), run(0.2, lr=1, inputs=["image", "text"])])
    assert ranking.columns == ["inputs"]
    [ranking] = compare([run(0.1), run(0.2, seed=1)])
    assert ranking.columns == ["fusion"]


def test_a_part_of_one_way_only_is_no_column() -> None:
    rows = [run(0.1, **{"pool@fusion.pool": "mean"}), run(0.2, fusion="none")]
    assert compare(rows)[0].columns == ["fusion"]
    rows += [run(0.3, **{"pool@fusion.pool": "max"})]
    assert set(compare(rows)[0].columns) == {"fusion", "pool@fusion.pool"}


def test_controls_are_never_averaged_with_what_they_control() -> None:
    [ranking] = compare([run(0.9), run(0.1, control="blank")], by=["fusion"])
    assert [one.config.get("control") for one in ranking.groups] == [None, "blank"]


def test_other_data_and_other_tasks_are_not_ranked_together() -> None:
    rankings = compare([run(0.1), run(0.2, fingerprint="cd"), run(0.3, task="captioning")])
    assert [ranking.benchmark for ranking in rankings] == [
        ("captioning", "world", "ab", ""),
        ("vqa", "world", "ab", ""),
        ("vqa", "world", "cd", ""),
    ]


def test_runs_whose_metrics_count_other_tokens_are_not_ranked_together() -> None:
    by_words, by_characters = (
        replace(run(value), tokenize=way) for value, way in ((0.1, "words"), (0.9, "characters"))
    )
    rankings = compare([by_words, by_characters])
    assert [ranking.benchmark[-1] for ranking in rankings] == ["characters", "words"]


def test_a_metric_that_declares_no_direction_ranks_nothing() -> None:
    row = replace(run(0.5), metrics={"test/length": 3.0, "test/loss": 0.1})
    with pytest.raises(
        ConfigError, match=r"--metric must be one of which more or less is better.* got 'test/length'"
    ) as caught:
        compare([row], metric="test/length")
    assert caught.value.hint == "Choose one of: test/loss."
    with pytest.raises(ConfigError, match="got 'test/length'") as caught:
        compare([replace(row, directions={})], metric="test/length")
    assert caught.value.hint == "Leave --metric out: the monitored one is known."


def test_only_the_newest_of_repeated_runs_counts() -> None:
    old, other, new = run(0.1), run(0.3, seed=1), run(0.2)
    assert set(map(id, newest([new, other, old]))) == {id(new), id(other)}
    [ranking] = compare([old, other, new])
    assert ranking.groups[0].score("test/accuracy").values == (0.2, 0.3)


def test_unfinished_runs_are_left_out() -> None:
    assert compare([run(0.1, status="killed"), run(0.1, status="running")]) == []


def test_the_lead_is_the_paired_interval_of_scipy_over_shared_seeds() -> None:
    rng = np.random.default_rng(0)
    best, second = rng.normal(0.8, 0.02, 5), rng.normal(0.7, 0.02, 5)
    rows = [run(value, seed, fusion="gated") for seed, value in enumerate(best.tolist())]
    rows += [run(value, seed) for seed, value in enumerate(second.tolist())]
    [ranking] = compare(rows)
    reference = stats.ttest_rel(best, second).confidence_interval(0.95)
    assert ranking.lead is not None
    assert (ranking.lead.low, ranking.lead.high) == pytest.approx((reference.low, reference.high))


def test_the_lead_of_a_smaller_loss_is_positive() -> None:
    rows = [run(0.9 + seed / 100, seed, fusion="gated") for seed in range(3)]
    rows += [run(0.5 + seed / 90, seed) for seed in range(3)]
    [ranking] = compare(rows, metric="test/loss")
    assert ranking.lead is not None
    assert ranking.lead.mean > 0


def test_grouping_by_a_key_pairs_over_all_the_others() -> None:
    rows = [run(0.8, seed, fusion="gated", pool=pool) for seed in range(2) for pool in ("mean", "max")]
    rows += [run(0.7 + seed / 50, seed, pool=pool) for seed in range(2) for pool in ("mean", "max")]
    [ranking] = compare(rows, by=["fusion"])
    assert [len(one.runs) for one in ranking.groups] == [4, 4]
    assert ranking.groups[0].config == {"fusion": "gated"}
    assert ranking.lead is not None
    assert ranking.lead.pairs == 4


def test_a_choice_that_comes_with_the_group_does_not_keep_seeds_from_pairing() -> None:
    rows = [run(0.8 + seed / 99, seed, fusion="gated", pool="mean") for seed in range(3)]
    rows += [run(0.7, seed, fusion="attention") for seed in range(3)]
    [ranking] = compare(rows, by=["fusion"])
    assert ranking.lead is not None and ranking.lead.pairs == 3


@pytest.mark.parametrize(
    ("option", "message", "hint"),
    [
        ({"metric": "test/acuracy"}, "--metric must name what the runs have, got 'test/acuracy'", "test/accuracy"),
        (
            {"metric": "accuracy"},
            "--metric must name what the runs have, got 'accuracy'",
            "Did you mean 'test/accuracy'",
        ),
        ({"by": ["fussion"]}, "--by must name what the runs have, got 'fussion'", "'fusion'"),
    ],
)
def test_a_misspelt_name_is_refused(option: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        compare([run(0.1)], **option)
    assert hint in caught.value.hint


def test_a_group_as_plain_data_names_its_runs() -> None:
    rows = [run(0.5, 0), run(0.7, 1)]
    [found] = group(rows)
    plain = found.plain()
    assert plain["config"] == {"task": "vqa", "dataset": "world", "fusion": "concat"}
    assert (plain["n"], plain["seeds"], plain["status"], plain["parameters"]) == (2, [0, 1], "done", 100)
    assert plain["metrics"]["test/accuracy"]["values"] == (0.5, 0.7)
    assert plain["runs"] == [row.folder.id for row in rows]
