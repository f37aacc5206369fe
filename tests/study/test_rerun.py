from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmexp.analysis.evidence import SeedNoise
from mmexp.analysis.why import Explanation
from mmexp.cli import main
from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow
from mmexp.study.rerun import _outcome, config_again, recorded

A = {"tensors": "a", "checkpoint": "x", "predictions/test.jsonl": "p"}
B = {**A, "tensors": "b"}


def explanation(difference: float, noise: SeedNoise | None = None, **other: Any) -> Explanation:
    rows = [RunRow(RunFolder(Path("x")), "done", metrics={"test/f1": value}) for value in (0.5, 0.5 + difference)]
    return Explanation(*rows, "test/f1", other.get("causes", ()), noise)


def test_equal_weights_predictions_and_metrics_are_bit_for_bit() -> None:
    outcome, text = _outcome(explanation(0.0), A, {**A, "checkpoint": "other times"}, True)
    assert (outcome, text) == ("bit for bit", "equal: metrics, tensors, predictions/test.jsonl")
    assert _outcome(explanation(0.0), A, A, False)[0] == _outcome(explanation(0.0), {}, {}, True)[0] == "not the same"


def test_what_seeds_do_as_often_is_seed_noise_with_its_number() -> None:
    outcome, text = _outcome(explanation(0.01, SeedNoise(0.02, 4, 5)), A, B, False)
    assert outcome == "within seed noise"
    assert text == "test/f1 +0.01; other: tensors; seeds vary by 0.02 (n = 5): two differ by as much in 74% of cases"
    assert _outcome(explanation(0.2, SeedNoise(0.02, 4, 5)), A, B, False)[0] == "not the same"


def test_without_other_seeds_nothing_is_called_noise() -> None:
    outcome, text = _outcome(explanation(0.01), A, B, False)
    assert outcome == "not the same" and "no other seed of this config was trained" in text


def test_a_run_is_trained_again_bit_for_bit_from_its_folder_and_its_card(
    lab: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, card = lab.train("training.epochs=1"), tmp_path / "card.md"
    outputs = str(folder.path.parents[1])
    assert main(["card", str(folder.path), "--to", str(card)]) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        assert main(["rerun", str(folder.path), "--outputs", outputs]) == 0
        capsys.readouterr()
        assert main(["rerun", str(card), "hardware.num_workers=0", "--outputs", outputs, "--json"]) == 0
    assert '"outcome": "bit for bit"' in capsys.readouterr().out
    with pytest.raises(ConfigError, match=r"key must be in dataset, hardware, plugins, outputs, .*, got 'seed'"):
        config_again(folder, ["seed=1"], outputs)
    folder.summary.unlink()
    with (
        pytest.raises(ConfigError, match=f"run must be done, got {folder.id}, which is broken"),
        recorded(folder.id, outputs),
    ):
        pass
