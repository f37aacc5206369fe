from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from mmexp.cli import main
from mmexp.cli.runs import run
from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder

MakeRun = Callable[..., RunFolder]


def printed(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(["runs", *argv]) == 0
    return capsys.readouterr().out


def test_runs_are_listed_by_a_condition_in_any_format(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = make_run(0.5), make_run(0.9, fusion="gated")
    assert first.id in (out := printed(capsys)) and second.id in out
    out = printed(capsys, "list", "--where", "test/accuracy > .8", "--columns", "run,fusion")
    assert second.id in out and first.id not in out
    rows = json.loads(printed(capsys, "--json", "--columns", "run,fusion", "--sort", "-fusion"))
    assert [row["fusion"] for row in rows] == ["gated", "concat"]
    assert first.id in printed(capsys, first.id)


def test_tags_and_notes_are_shown_by_compare_and_can_be_asked_for(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    first, second = make_run(0.5), make_run(0.9, fusion="gated")
    assert printed(capsys, "tag", "paper,best", "--where", "fusion == gated") == f"{second.id}: best, paper\n"
    assert printed(capsys, "tag", "best", second.id, "--remove") == f"{second.id}: paper\n"
    assert printed(capsys, "note", "to be looked at", first.id) == f"{first.id}: to be looked at\n"
    assert main(["compare", "--where", "paper in tags"]) == 0
    out = capsys.readouterr().out
    assert "gated" in out and "concat" not in out and "paper" in out
    assert "to be looked at" in printed(capsys)
    assert printed(capsys, "note", "", first.id) == f"{first.id}: no note\n"


def test_what_was_put_aside_can_be_restored_by_the_line_that_is_printed(
    make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(0.9, inputs=["image", "text"])
    alone = make_run(0.5, inputs=["image"], fusion="none")
    out = printed(capsys, "trash", alone.id)
    assert f"{alone.id} is in the trash (baseline of " in out and f"Run: mmexp runs restore {alone.id}" in out
    assert alone.id not in printed(capsys)
    assert printed(capsys, "restore", alone.id) == f"{alone.id} is back.\n"
    assert alone.id in printed(capsys)


def test_garbage_is_only_deleted_if_that_is_asked_for(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    failed, aside, done = make_run(end="failed", reason="loss is nan"), make_run(0.5), make_run(0.9)
    printed(capsys, "trash", aside.id)
    out = printed(capsys, "gc")
    assert "failed run" in out and "run in the trash" in out and "Run: mmexp runs gc --yes" in out
    assert failed.path.exists()
    assert "MiB deleted." in printed(capsys, "gc", "--yes")
    assert not failed.path.exists() and done.path.exists()
    assert "Nothing to delete." in printed(capsys, "gc")


def test_what_is_cited_is_kept_with_its_reason(make_run: MakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    fused, alone = make_run(0.9, inputs=["image", "text"]), make_run(0.5, inputs=["image"], fusion="none")
    printed(capsys, "trash", alone.id)
    assert f"kept {alone.id}: baseline of {fused.id}" in printed(capsys, "gc", "--yes")
    assert printed(capsys, "restore", "--all") == f"{alone.id} is back.\n"


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["trash"], r"RUN or --where must say what to trash, got neither"),
        (["tag"], r"TAG must be named, got none"),
        (["tag", "paper"], r"RUN or --where must say what to tag, got neither"),
        (["tag", "two words", "last"], r"tag must be letters, digits and .*, got 'two words'"),
        (["note"], r"TEXT must be given, got none"),
        (["restore"], r"RUN must be named to restore it, got none"),
        (["gc", "last"], r"gc must stand without runs, got 'last'"),
        (["--sort", "never"], r"runs: --sort must name a column, got 'never'"),
    ],
)
def test_nothing_is_done_with_runs_that_are_not_named(make_run: MakeRun, words: list[str], rule: str) -> None:
    folder = make_run()
    with pytest.raises(ConfigError, match=rule):
        run(words)
    assert folder.path.exists() and not folder.annotation.exists()
