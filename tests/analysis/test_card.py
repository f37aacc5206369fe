from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmexp.analysis.card import caveats, hashes, make_card, read_card, unpack
from mmexp.analysis.card_page import page
from mmexp.error import ConfigError
from mmexp.run import provenance, summary
from mmexp.run.folder import RunFolder
from mmexp.run.start import read_start
from mmexp.run.summary import row

CONFIG: dict[str, Any] = {"dim": 8, "dataset": {"root": "~/data", "token_file": "x"}, "api_key": "open-sesame-for-me"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("mmexp.run.provenance.code_state", lambda folder: None)
    folder = RunFolder.create(tmp_path / "outputs", "x")
    provenance.begin(folder, command=["mmexp", "train"], seed=3, fingerprint="ab")
    config = {**CONFIG, "dataset": {"root": f"{tmp_path}/data"}}
    folder.start.write_text(json.dumps({"sha256": "", "config": config}))
    folder.facts.write_text(json.dumps({"sizes": {"test": 2}, "classes": {"label": ["Ann", "Bob"]}}))
    known = {"status": "done", "metrics": {"test/accuracy": 0.5}, "monitor": "val/accuracy", "config": {"seed": 3}}
    summary.write(folder, {**known, "best": "best.ckpt", "hardware": {"accelerator": "cpu", "threads": 2}})
    provenance.finish(folder, "done", seconds=1.0)
    return folder


def test_a_card_is_read_back_from_its_page_and_unpacks_into_the_run(folder: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text(page(make_card(folder)))
    card = read_card(tmp_path / "card.md")
    again = unpack(card, tmp_path / "unpacked")
    assert (again.name, again.id) == (folder.name, folder.id)
    assert row(again).metrics == row(folder).metrics and row(again).status == "done"
    assert read_start(again)["dataset"]["root"] == f"{tmp_path}/data"
    assert json.loads(again.config.read_text())["dim"] == 8


def test_neither_secrets_nor_the_home_nor_the_host_nor_the_classes_are_in_it(folder: RunFolder, tmp_path: Path) -> None:
    card = make_card(folder)
    text = page(card)
    assert "open-sesame-for-me" not in text and str(tmp_path) not in text and "Ann" not in text
    assert card["config"]["dataset"]["root"] == "~/data" and "host" not in card["manifest"]
    assert any("REDACTED" in one for one in caveats(card))


def test_hashes_are_of_the_files_that_are_there(folder: RunFolder) -> None:
    assert hashes(folder) == {}
    folder.predictions("test").parent.mkdir()
    folder.predictions("test").write_text("")
    assert [*hashes(folder)] == ["predictions/test.jsonl"]


def test_a_run_that_is_not_done_has_no_card(folder: RunFolder) -> None:
    folder.summary.unlink()
    with pytest.raises(ConfigError, match=f"run must be done, got {folder.id}, which is broken"):
        make_card(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# Notes", "must be a page that mmexp card has written, got none"),
        ('```json\n{\n"format": 9\n}\n```', "must be a page that mmexp card has written, got another format"),
        ("```json\n{\n,\n}\n```", "must be a page that mmexp card has written, got Expecting"),
    ],
)
def test_a_page_that_is_no_card_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_card(tmp_path / "card.md")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmexp.analysis.card._LARGEST", 3)
    (tmp_path / "card.md").write_text("card")
    with pytest.raises(ConfigError, match="must be a page that mmexp card has written, got one of 4 bytes"):
        read_card(tmp_path / "card.md")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run": "../../20260101-000000-abcd"}, "run must be NAME/ID, got"),
        ({"run": "../20260101-000000-abcd"}, "name must be letters"),
        ({"config": []}, r"config must hold keys with values, got \[\]"),
    ],
)
def test_a_hostile_card_writes_nothing(changes: Any, message: str, folder: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        unpack({**make_card(folder), **changes}, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_may_come_out_otherwise_is_listed() -> None:
    git = {"untracked": ["a.py"], "diff": "... cut at 9"}
    hardware = {"accelerator": "gpu", "devices": 2, "precision": "bf16-mixed"}
    card = {"config": {}, "summary": {"hardware": hardware}, "manifest": {"git": git, "resumed": ["x"]}}
    text = "\n".join(caveats(card))
    for part in (
        "on a GPU",
        "2 processes",
        "bf16-mixed",
        "1 untracked files are not kept: a.py",
        "cut",
        "no fingerprint",
    ):
        assert part in text
    assert "resumed 1 times" in text and "git repository" not in text
    bare = "\n".join(caveats({"config": {}, "summary": {"hardware": {"threads": 4}}, "manifest": {}}))
    assert "bit for bit with 4 threads" in bare and "did not begin in a git repository" in bare
