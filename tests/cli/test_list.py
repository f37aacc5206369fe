from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmexp.cli import main
from mmexp.cli.list import groups, opening
from mmexp.run.folder import RunFolder

MakeRun = Callable[..., RunFolder]
CONF = Path(__file__).resolve().parents[2] / "conf"


def test_every_yaml_of_a_group_is_listed_with_its_opening_comment(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "fusion"]) == 0
    out = capsys.readouterr().out
    for path in (CONF / "fusion").glob("*.yaml"):
        assert f" {path.stem} " in out
        assert opening(path) == path.read_text().splitlines()[0].removeprefix("# ")


def test_groups_are_the_folders_that_hold_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    for path in CONF.rglob("*.yaml"):
        if path.parent != CONF:
            assert path.parent.relative_to(CONF).as_posix() in out


def test_a_parent_lists_the_groups_below(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "encoder/"]) == 0
    out = capsys.readouterr().out
    assert "encoder/image" in out
    assert "encoder/text" in out


def test_an_unknown_group_brings_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "fusoin"]) == 2
    assert "group must be one that exists, got 'fusoin'.\nDid you mean 'fusion'?" in capsys.readouterr().err


def test_the_users_own_conf_is_listed_and_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf" / "fusion").mkdir(parents=True)
    for name in ("mine", "gated"):
        (tmp_path / "conf" / "fusion" / f"{name}.yaml").write_text("# My own.\n")
    monkeypatch.chdir(tmp_path)
    found = groups()["fusion"]
    assert opening(found["mine"]) == opening(found["gated"]) == "My own."
    assert "concat" in found


def test_the_opening_comment_of_an_experiment_stands_after_its_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "experiment"]) == 0
    out = capsys.readouterr().out
    assert "@package" not in out
    assert opening(groups()["experiment"]["coco_mini"]).startswith("Eighty kinds of objects")


def test_runs_are_listed_newest_first_with_their_status(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    ids = {make_run(0.5).id, make_run(end="failed", reason="loss is nan").id}
    killed = make_run(end="killed")
    assert main(["list", "runs"]) == 0
    out = capsys.readouterr().out
    shown = [line.split()[0] for line in out.splitlines() if line.strip()[:2] == "20"]
    assert shown == sorted(ids | {killed.id}, reverse=True)
    for text in ("done", "val/accuracy 0.500", "failed", "loss is nan", f"mmexp train resume={killed.id}"):
        assert text in out


def test_only_the_newest_runs_are_listed_unless_all_are_asked_for(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmexp.cli.runs._NEWEST", 2)
    for seed in range(4):
        make_run(seed=seed)
    assert main(["list", "runs"]) == 0
    assert "2 older runs are shown by --all." in capsys.readouterr().out
    assert main(["list", "runs", "--all"]) == 0
    out = capsys.readouterr().out
    assert out.count("val/accuracy") == 4


def test_the_overview_tells_of_killed_runs(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    make_run()
    killed = make_run(end="killed")
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert "2 runs (1 done, 1 killed)" in out or "2 runs (1 killed, 1 done)" in out
    assert f"killed, to resume it: mmexp train resume={killed.id}" in out


def test_no_runs_say_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["list", "runs"]) == 0
    assert capsys.readouterr().out == "No runs in outputs yet. Run: mmexp train\n"


def test_what_can_be_exported_is_said_of_each_task_and_fusion(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert main(["list", "export"]) == 0
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if len(line.split()) > 1)
    assert rows["classification"].strip() == rows["gated"].strip() == "yes"
    assert rows["multitask"].strip() == "no: a graph holds one task; a run of each can be exported"
    assert {path.stem for group in ("task", "fusion") for path in (CONF / group).glob("*.yaml")} <= {*rows}
