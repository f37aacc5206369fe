from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mmexp.error import ConfigError
from mmexp.run.folder import ID, RunFolder, checked_name, runs

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


def make(outputs: Path, *names: str) -> None:
    for name in names:
        (outputs / name).mkdir(parents=True)


def test_an_id_is_the_time_and_four_hex_digits(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "outputs", "first", clock=lambda: NOON)
    assert ID.fullmatch(run.id)
    assert run.id.startswith("20260102-120000-")
    assert run.name == "first"
    assert run.path.is_dir()


def test_twenty_processes_in_one_second_get_twenty_folders(tmp_path: Path) -> None:
    code = (
        "import sys, datetime; from mmexp.run.folder import RunFolder\n"
        "print(RunFolder.create(sys.argv[1], 'x', clock=lambda: datetime.datetime(2026, 1, 2)).path)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    jobs = [subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE) for _ in range(20)]
    paths = [job.communicate(timeout=60)[0] for job in jobs]
    assert len(set(paths)) == 20
    assert len(runs(tmp_path)) == 20


def test_a_taken_id_is_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter([b"\0\0", b"\0\0", b"\0\0", b"\0\1"])
    monkeypatch.setattr(os, "urandom", lambda size: next(draws))
    first, second = (RunFolder.create(tmp_path, "x", clock=lambda: NOON) for _ in range(2))
    assert (first.id[-4:], second.id[-4:]) == ("0000", "0001")


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"outputs must be a folder that can be written to, got .*file") as caught:
        RunFolder.create(tmp_path / "file", "x")
    assert "outputs to a folder" in caught.value.hint


def test_a_read_only_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ConfigError, match=r"can be written to, got .* \(Permission denied\)"):
        RunFolder.create(tmp_path, "x")


@pytest.mark.parametrize(
    "name", ["a/b", "..", "a..b", ".x", "a\nb", "\x1b[31m", "", "x" * 101, "<img src=x>", "-rf", "a=b"]
)
def test_a_name_that_is_no_plain_folder_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="name must be letters, digits and") as caught:
        RunFolder.create(tmp_path, name)
    assert repr(name) in str(caught.value)
    assert checked_name(caught.value.hint.removeprefix("Set name=").removesuffix("."))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["scenes", "vqa-2.0_b+c", "Größe", "7"])
def test_a_plain_name_is_taken_as_it_is(name: str) -> None:
    assert checked_name(name) == name


def test_a_run_is_found_by_path_id_prefix_and_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a/20260101-000000-aaaa", "b/20260102-000000-bbbb")
    monkeypatch.chdir(tmp_path)
    for ref in ("a/20260101-000000-aaaa", "20260101-000000-aaaa", "20260101", "./a/20260101-000000-aaaa"):
        assert RunFolder.find(ref, tmp_path).path == tmp_path / "a" / "20260101-000000-aaaa"


def test_last_is_the_newest_by_id_across_names_whatever_the_clock_says(tmp_path: Path) -> None:
    make(tmp_path, "z/20260102-000000-0000", "a/20260103-000000-0000", "a/best-of-all")
    (tmp_path / "a" / "best-of-all" / "summary.json").write_text("{}")
    os.utime(tmp_path / "z" / "20260102-000000-0000", (2e9, 2e9))
    assert RunFolder.find("last", tmp_path).id == "20260103-000000-0000"


def test_ids_sort_by_birth_through_a_change_of_time_zone(tmp_path: Path) -> None:
    times = iter([NOON, NOON + timedelta(minutes=1)])
    ids = [RunFolder.create(tmp_path, "x", clock=lambda: next(times)).id for _ in range(2)]
    assert [run.id for run in runs(tmp_path)] == ids


def test_an_unknown_run_brings_the_nearest_ids(tmp_path: Path) -> None:
    make(tmp_path, "a/20260101-000000-aaaa", "a/20260909-111111-bbbb")
    with pytest.raises(ConfigError, match=r"id must name a run in .*, got '20260101-000000-aaab'") as caught:
        RunFolder.find("20260101-000000-aaab", tmp_path)
    assert caught.value.hint.startswith("Nearest: 20260101-000000-aaaa")


def test_a_beginning_that_two_runs_share_lists_them(tmp_path: Path) -> None:
    make(tmp_path, "a/20260101-000000-aaaa", "b/20260101-000000-aabb")
    with pytest.raises(ConfigError, match="id must name one run, got '202601' for 2") as caught:
        RunFolder.find("202601", tmp_path)
    assert "a/20260101-000000-aaaa" in caught.value.hint
    assert "b/20260101-000000-aabb" in caught.value.hint


@pytest.mark.parametrize("ref", ["last", "x", ""])
def test_no_runs_at_all_says_how_to_get_one(tmp_path: Path, ref: str) -> None:
    with pytest.raises(ConfigError, match=f"must name a run, got '{ref}' but .* holds none") as caught:
        RunFolder.find(ref, tmp_path / "outputs")
    assert "mmexp train" in caught.value.hint


def test_a_renamed_run_is_one_and_any_other_folder_is_none(tmp_path: Path) -> None:
    make(tmp_path, "a/best", "a/notes", "a/.trash", "a/20260101-000000-aaaa")
    (tmp_path / "a" / "best" / "summary.json").write_text("{}")
    assert [run.id for run in runs(tmp_path)] == ["20260101-000000-aaaa", "best"]


def test_every_file_lies_in_the_folder(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    names = [name for name, value in vars(RunFolder).items() if isinstance(value, property)]
    paths = [getattr(run, name) for name in names if name not in ("id", "name")]
    paths += [run.predictions("val"), run.predictions("test")]
    assert len(paths) >= 12
    assert len(set(paths)) == len(paths)
    assert all(path.is_relative_to(tmp_path) for path in paths)


def test_a_folder_is_known_before_it_is_made(tmp_path):
    seen = []
    folder = RunFolder.create(tmp_path, "x", planned=lambda one: seen.append((one, one.path.exists())))
    assert seen == [(folder, False)] and folder.path.is_dir()
