from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.cli.check import run
from mmexp.config.compose import compose, stored
from mmexp.error import ConfigError


@pytest.fixture(autouse=True)
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf/dataset").mkdir(parents=True)
    manifest = "_target_: mmexp.dataset.manifest.Manifest\nmanifest: rows.csv\n"
    (tmp_path / "conf/dataset/scenes.yaml").write_text(manifest)
    (tmp_path / "rows.csv").write_text("text,label,split\nso,1,train\nno,0.0,val\nyes,1.0,test\n")
    monkeypatch.chdir(tmp_path)


def test_what_holds_is_said_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fusion=gated"]) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith("OK: classification-gated ")
    assert " fusion=gated " in line


def test_a_table_shows_what_each_column_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dataset=scenes", f"dataset.root={tmp_path}"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split() == ["label", "label", "label", "2:", "0.0,", "1", "0", "1"] for line in lines)
    assert max(map(len, lines[:-1])) <= 80


def test_each_job_of_a_sweep_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-m", "fusion=concat,gated", "seed=0,1"]) == 0
    said = capsys.readouterr().out
    assert said.count("OK: ") == 4 and said.count("range or classes") == 1
    with pytest.raises(ConfigError, match="Did you mean 'gated'") as caught:
        run(["-m", "fusion=concat,gatd"])
    assert len(caught.value.problems) == 1


def test_a_table_that_is_not_there_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"dataset.manifest must be a file in \., got 'none.csv'. There are: rows.csv"
    ):
        run(["dataset.manifest=none.csv"])


def test_the_config_of_a_run_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text(stored(compose(["name=kept"])))
    assert run(["--config", str(tmp_path), "seed=3"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("OK: kept ")


def test_the_whole_config_is_shown_without_secrets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMEXP_API_KEY", "hunter2hunter2")
    assert run(["--show", "dataset.group_by=${oc.env:MMEXP_API_KEY}", "dim=32"]) == 0
    text = capsys.readouterr().out
    assert "dim: 32" in text
    assert "hunter2" not in text


def test_a_deep_check_reads_the_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"a cat {n},{'ab'[n % 2]},{'val' if n > 7 else 'test' if n > 5 else 'train'},9" for n in range(10)]
    (tmp_path / "rows.csv").write_text("\n".join(["text,label,split,other", *lines]))
    assert run(["inputs=[text]"]) == 0 and "data:" not in capsys.readouterr().out
    assert run(["inputs=[text]", "--deep"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-3].startswith("data: 6 train, 2 val, 2 test, 0 skipped, fingerprint ")
    assert said[-2] == "note: columns not used: other."
