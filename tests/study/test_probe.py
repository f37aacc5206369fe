from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmexp.dataset.synthetic.interactions.rule import RULES
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow
from mmexp.study.probe import Bounds, Findings

CONF = Path(__file__).resolve().parents[2] / "conf"
ADDITIVE = ("late", "mean", "soft_voting", "sum", "tmc", "weighted")
WEIGHING = ("weighted_matrix",)  # by a softmax over two modalities, and no more
OTHERS = sorted({path.stem for path in CONF.glob("fusion/*.yaml")} - {"none", *ADDITIVE, *WEIGHING})


@pytest.fixture
def row(tmp_path):
    def make(fusion: str, question: str, accuracy: float | None, seed: int = 0) -> RunRow:
        folder = RunFolder(tmp_path / f"{fusion}-{question}-{seed}")
        folder.path.mkdir()
        rule = RULES[question]
        single = dict(enumerate(rule.single))
        known = {"chance": 1 / rule.classes, "single": single, "optimal": rule.optimal, "skill": rule.skill}
        folder.facts.write_text(json.dumps(known))
        config = {"fusion": fusion, "dataset.interaction": question, "seed": seed}
        return RunRow(folder, "done", config=config, metrics={"test/accuracy": accuracy})

    return make


@pytest.mark.parametrize(
    ("bounds", "accuracy", "share", "verdict"),
    [
        (Bounds(0.25, 0.25, 1.0), 1.0, 1.0, "can"),
        (Bounds(0.25, 0.25, 1.0), 0.25, 0.0, "cannot"),
        (Bounds(0.25, 0.25, 1.0), 0.625, 0.5, "partly"),
        (Bounds(0.25, 0.775, 0.9325), 0.775, 0.0, "cannot"),
        (Bounds(0.25, 1.0, 1.0), 0.625, 0.5, "partly"),
    ],
)
def test_what_counts_is_the_gain_over_the_best_single_modality(bounds, accuracy, share, verdict):
    assert bounds.share(accuracy) == pytest.approx(share) and bounds.verdict(accuracy) == verdict


def test_runs_become_a_table_of_means_with_the_most_able_first(row):
    rows = [
        row("sum", "xor", 0.26),
        row("tensor", "xor", 1.0),
        row("tensor", "xor", 0.9, 1),
        None,
        row("sum", "order", None),
    ]
    findings = Findings.read(rows)
    assert findings.plain() == {
        "accuracy": {"tensor": {"xor": 0.95}, "sum": {"xor": 0.26}},
        "chance": {"xor": 0.25},
        "single": {"xor": 0.25},
        "optimal": {"xor": 1.0},
    }
    assert findings.skills("tensor") == {"can": ["multiply two"], "partly": [], "cannot": []}
    assert findings.skills("sum")["cannot"] == ["multiply two"]


@pytest.fixture
def xor(lab):
    def accuracy(fusion: str) -> float:
        lab.overrides = ["experiment=probe", "hardware=cpu", "training.epochs=5", lab.overrides[-1]]
        folder = lab.train(f"fusion={fusion}")
        return json.loads(folder.summary.read_text())["metrics"]["test/accuracy"]

    return accuracy


@pytest.mark.parametrize(
    "fusion", [pytest.param(name, marks=[pytest.mark.slow] * (name != "sum")) for name in ADDITIVE]
)
def test_a_fusion_that_adds_is_at_chance_on_xor(xor, fusion):
    assert xor(fusion) < 0.45


@pytest.mark.parametrize("fusion", ["tensor"])
def test_a_fusion_that_multiplies_solves_xor(xor, fusion):
    assert xor(fusion) > 0.95


@pytest.mark.slow
@pytest.mark.parametrize("fusion", OTHERS)
def test_every_other_fusion_solves_xor(xor, fusion):
    assert xor(fusion) > 0.95
