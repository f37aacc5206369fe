from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mmexp.cli import main

ROOT = Path(__file__).resolve().parents[2]


def test_the_yaml_and_what_the_component_says_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "fusion=gated"]) == 0
    out = capsys.readouterr().out
    for line in (ROOT / "conf" / "fusion" / "gated.yaml").read_text().splitlines():
        assert line in out
    assert "GatedFusion" in out
    assert "dim: int" in out
    assert "Source: Arevalo et al. 2017" in out


def test_a_class_of_torch_is_found_without_importing_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "optimizer=adamw"]) == 0
    assert "weight_decay: float = 0.01" in capsys.readouterr().out


def test_several_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "fusion=gated", "fusion=concat"]) == 0
    out = capsys.readouterr().out
    assert "fusion=gated" in out
    assert "fusion=concat" in out


def test_a_users_class_that_raises_at_import_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "conf" / "fusion").mkdir(parents=True)
    (tmp_path / "conf" / "fusion" / "mine.yaml").write_text("# Mine.\n_target_: my_plugin.Mine\n")
    (tmp_path / "my_plugin.py").write_text('raise RuntimeError\nclass Mine:\n    """My own way."""\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert main(["show", "fusion=mine"]) == 0
    assert "My own way." in capsys.readouterr().out


def test_a_target_without_source_is_said_to_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "conf" / "fusion").mkdir(parents=True)
    (tmp_path / "conf" / "fusion" / "mine.yaml").write_text("# Mine.\n_target_: nowhere.at.All\n")
    monkeypatch.chdir(tmp_path)
    assert main(["show", "fusion=mine"]) == 0
    assert "nowhere.at.All: no source found." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("fusion=gatd", "fusion must be one of its options, got 'gatd'.\nDid you mean 'gated'?"),
        ("fusoin=gated", "group must be one that exists, got 'fusoin'.\nDid you mean 'fusion'?"),
        ("fusion", "fusion must be one of its options, got ''.\nRun: mmexp show fusion="),
    ],
)
def test_a_wrong_choice_brings_the_nearest(choice: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", choice]) == 2
    assert message in capsys.readouterr().err


def test_nothing_to_show_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show"]) == 2
    assert "mmexp show --help" in capsys.readouterr().err
