from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from mmexp.cli import main
from mmexp.config.compose import compose
from mmexp.config.config import Config
from mmexp.error import ConfigError
from mmexp.run.folder import runs
from mmexp.run.jsonfile import read_json
from mmexp.run.sweep import sweeps
from mmexp.study.fair import fair_config, priced, set_budget, solve, way_of


@pytest.fixture
def read(make_lab, tmp_path: Path) -> Callable[..., Config]:
    own = make_lab(tmp_path / "outputs").overrides
    return lambda words: compose([*own, *words])


@pytest.mark.parametrize(("cost", "dim"), [(64.0**2, 64), (99.0**2, 96), (101.0**2, 104), (128.0**2, 128), (1e9, 512)])
def test_the_width_whose_cost_is_nearest_is_found(cost: float, dim: int):
    assert solve(lambda width: float(width**2), 64, cost) == (dim, float(dim**2))


def test_no_width_below_the_typed_one_is_tried():
    tried: list[int] = []

    def price(width: int) -> float:
        tried.append(width)
        return float(width)

    assert solve(price, 64, 1.0) == (64, 64.0) and min(tried) == 64


@pytest.mark.parametrize(("cost", "dim"), [("params", 256), ("flops", 256), ("time", 1024)])
def test_a_wider_model_costs_more(read: Callable[..., Config], cost: str, dim: int):
    with priced(read([f"fair={cost}", "dim=8"])) as price:
        assert 0 < price(8) < price(dim)


def test_parameters_are_those_that_are_trained(read: Callable[..., Config], make_lab, tmp_path: Path):
    run = make_lab(tmp_path / "outputs").train("training.epochs=1", "dim=16")
    with priced(read(["fair=params"])) as price:
        assert price(16) == read_json(run.summary)["parameters"]["trained"]


def test_the_costliest_sets_the_budget_and_the_others_are_widened(
    read: Callable[..., Config], caplog: pytest.LogCaptureFixture
):
    words = [[f"fusion={name}", "fair=params", "dim=32"] for name in ("sum", "tensor")]
    budget = set_budget([read(one) for one in words])
    with caplog.at_level(logging.WARNING):
        thin, wide = (fair_config(one, read, budget) for one in words)
    assert wide.node.dim == 32 < thin.node.dim and thin.words == read(words[0]).words
    costs = []
    for config in (thin, wide):
        with priced(config) as price:
            costs.append(price(config.node.dim))
    assert costs[1] == budget["cost"] and costs[0] == pytest.approx(costs[1], rel=0.2)
    assert f"fair=params: dim={thin.node.dim} for fusion=sum" in caplog.text


def test_a_width_is_solved_once_for_all_seeds_and_learning_rates(read: Callable[..., Config]):
    same = {way_of(read(["fair=params", *own])) for own in ([], ["seed=3"], ["optimizer.lr=0.01"], ["dim=64"])}
    assert len(same) == 1 and way_of(read(["fair=params", "fusion=gated"])) not in same


def test_without_fair_a_config_is_as_it_was_read(read: Callable[..., Config]):
    assert set_budget([read([])]) == {} and fair_config(["dim=16"], read, {}).node.dim == 16


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ([["fair=weights"]], "fair must be null or one of params, flops, time, got weights"),
        ([["fair=params"], ["fair=flops"]], "fair must be null or one of .*, got flops and params"),
        ([["fair=params", "dim=16"], ["fair=params", "dim=24"]], "dim must be one multiple of 8 .*, got 16 and 24"),
        ([["fair=params", "dim=12"]], "dim must be one multiple of 8 where fair solves it, got 12"),
        ([["fair=params", "baselines=true"]], "baselines must be false with fair, .*, got true"),
    ],
)
def test_what_cannot_be_solved_is_refused(read: Callable[..., Config], words: list[list[str]], rule: str):
    with pytest.raises(ConfigError, match=rule):
        set_budget([read(one) for one in words])


def test_jobs_of_a_sweep_cost_alike_and_single_inputs_added_to_it_too(lab, capsys: pytest.CaptureFixture[str]):
    words = ["dim=16", "training.epochs=1", "fair=params", "fusion=sum,tensor"]
    assert main(["train", "-m", *lab.overrides, *words]) == 0
    (sweep,) = sweeps(lab.overrides[-1].removeprefix("outputs="))
    assert main(["sweep", "extend", str(sweep.path), "fusion=none", "inputs=[image],[text]"]) == 0
    found = [read_json(run.summary) for run in runs(lab.overrides[-1].removeprefix("outputs="))]
    weights = [one["parameters"]["trained"] for one in found]
    assert len(found) == 4 and min(weights) > 0.7 * max(weights)
    assert {one["config"]["fair"] for one in found} == {"params"}
    capsys.readouterr()
    assert main(["compare", "--outputs", lab.overrides[-1].removeprefix("outputs=")]) == 0
    assert "no baselines" not in capsys.readouterr().out
