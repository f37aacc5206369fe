from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from mmexp.run.checkpoints import (
    best_weights,
    checkpoint_name,
    hard_link,
    hash_path,
    intact,
    is_intact,
    listed,
    prune,
    remove,
    sha256_of,
    sha256_of_tensors,
    step_of,
    sweep,
)
from mmexp.run.folder import RunFolder


def write(folder: Path, role: str, step: int, data: bytes = b"state") -> Path:
    path = folder / checkpoint_name(role, step // 4, step)
    path.write_bytes(data)
    hash_path(path).write_text(hashlib.sha256(data).hexdigest() + "\n")
    return path


def steps(folder: Path, role: str = "last") -> list[int]:
    return [step_of(path) for path in listed(folder, role)]


def test_a_name_holds_role_epoch_and_step_and_nothing_that_an_override_would_read():
    name = checkpoint_name("last", 3, 120)
    assert name == "last-epoch03-step000120.ckpt"
    assert not set("=,{}[]$ ") & set(name)


def test_the_newest_step_comes_first_also_beyond_six_digits(tmp_path):
    for step in (999_999, 5, 1_000_000, 40):
        write(tmp_path, "last", step)
    write(tmp_path, "best", 7)
    assert steps(tmp_path) == [1_000_000, 999_999, 40, 5]
    assert steps(tmp_path, "best") == [7]


@pytest.mark.parametrize("name", ["last-mine.ckpt", "last-epoch01-stepx.ckpt"])
def test_files_of_others_count_as_the_oldest_or_not_at_all(tmp_path, name):
    (tmp_path / name).write_text("")
    write(tmp_path, "last", 1)
    assert steps(tmp_path)[0] == 1 and set(steps(tmp_path)) <= {1, -1}


@pytest.mark.parametrize("harm", ["flip", "cut", "hash", "none"])
def test_a_file_is_intact_only_if_it_has_the_hash_beside_it(tmp_path, harm):
    older, newer = write(tmp_path, "last", 1), write(tmp_path, "last", 2)
    assert list(intact(tmp_path, "last")) == [newer, older]
    if harm == "hash":
        hash_path(newer).write_bytes(b"\xff\xfe")
    elif harm == "none":
        hash_path(newer).unlink()
    else:
        newer.write_bytes(b"stat" if harm == "cut" else b"stale")
    assert not is_intact(newer) and is_intact(older)
    assert list(intact(tmp_path, "last")) == [older]


def test_hashes_agree_with_hashlib(tmp_path):
    (tmp_path / "x").write_bytes(os.urandom(100_000))
    assert sha256_of(tmp_path / "x") == hashlib.sha256((tmp_path / "x").read_bytes()).hexdigest()


@pytest.mark.parametrize("links", [True, False])
def test_a_second_name_leads_to_the_same_state_with_or_without_hard_links(tmp_path, monkeypatch, links):
    def refuse(*names: object) -> None:
        raise PermissionError("no hard links here")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    best = write(tmp_path, "best", 4)
    write(tmp_path, "last", 4, b"of an earlier attempt")
    last = hard_link(best, checkpoint_name("last", 1, 4))
    assert last.name == "last-epoch01-step000004.ckpt" and is_intact(last) and last.read_bytes() == b"state"
    assert last.samefile(best) == links
    hard_link(best, last.name)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for one in (best, last) for path in (one, hash_path(one))
    )


def test_the_newest_few_are_kept_and_the_other_role_is_left_alone(tmp_path):
    paths = [write(tmp_path, "last", step) for step in (1, 2, 3, 4)]
    write(tmp_path, "best", 1)
    prune(paths[-1], keep=2)
    assert steps(tmp_path) == [4, 3] and steps(tmp_path, "best") == [1]
    assert len(list(tmp_path.iterdir())) == 6


def test_what_is_left_of_later_steps_never_crowds_out_the_newest_state(tmp_path):
    for step in (10, 8):
        write(tmp_path, "last", step)
    prune(write(tmp_path, "last", 1), keep=2)
    assert steps(tmp_path) == [1]


def test_removing_twice_does_no_harm(tmp_path):
    path = write(tmp_path, "last", 1)
    remove(path)
    remove(path)
    assert not list(tmp_path.iterdir())


def test_hashes_without_a_file_are_swept_away(tmp_path):
    kept, lost = write(tmp_path, "last", 1), write(tmp_path, "last", 2)
    lost.unlink()
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([kept, hash_path(kept)])
    sweep(tmp_path / "not there")


def test_the_hash_of_tensors_leaves_out_what_else_is_in_the_file(tmp_path: Path) -> None:
    found = []
    for name, other, tensor in (("a", b"1 s", b"x"), ("b", b"2 s", b"x"), ("c", b"2 s", b"y")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("archive/data.pkl", other)
            archive.writestr("archive/data/0", tensor)
        found.append(sha256_of_tensors(tmp_path / name))
    assert found[0] == found[1] != found[2]
    (tmp_path / "a").write_bytes(b"no archive")
    assert sha256_of_tensors(tmp_path / "a") == sha256_of_tensors(tmp_path / "nowhere") == ""


def test_the_best_weights_are_those_of_a_package_then_the_best_then_the_last(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert best_weights(run) is None
    run.checkpoints.mkdir()
    last = write(run.checkpoints, "last", 8)
    assert best_weights(run) == last
    best = write(run.checkpoints, "best", 4)
    assert best_weights(run) == best
    run.weights.write_bytes(b"")
    assert best_weights(run) == run.weights
