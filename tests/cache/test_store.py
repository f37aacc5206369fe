from __future__ import annotations

import multiprocessing
import os
import pickle
import time
from pathlib import Path

import numpy as np
import pytest

from mmexp.cache import store
from mmexp.cache.store import GIB, NotKept, Store, Write
from mmexp.error import DataError

VALUES = {"a": np.arange(6, dtype=np.float32).reshape(3, 2), "b": np.ones((1, 2), np.float32)}


def write_all(write: Write) -> None:
    for name, features in VALUES.items():
        write(name, features)


def build(folder: Path, key: str = "k", write=write_all, limit: float = 1.0) -> Store:
    return store.build(key, {"model": "m"}, write, limit, folder)


def test_features_are_read_as_they_were_written_also_in_another_process(tmp_path: Path):
    built = pickle.loads(pickle.dumps(build(tmp_path)))
    assert built.about["model"] == "m" and built.size > 32
    for name, features in VALUES.items():
        np.testing.assert_array_equal(built.read(name), features)


def test_what_is_written_into_features_is_not_kept(tmp_path: Path):
    build(tmp_path).read("a")[:] = 7
    np.testing.assert_array_equal(build(tmp_path).read("a"), VALUES["a"])


def test_a_store_is_built_once(tmp_path: Path):
    build(tmp_path)
    assert build(tmp_path, write=lambda write: pytest.fail("built again")).read("b").shape == (1, 2)


def test_the_key_depends_on_every_part_and_value_but_not_on_their_order():
    one = store.key_of({"weights": 1, "size": 2}, ["a", "b"])
    assert one == store.key_of({"size": 2, "weights": 1}, ["b", "a"])
    others = [({"weights": 1, "size": 3}, ["a", "b"]), ({"weights": 1, "size": 2}, ["a"])]
    assert one not in [store.key_of(parts, names) for parts, names in others]


def test_what_is_not_plain_json_makes_no_key():
    with pytest.raises(store.NotKept, match="what they depend on must be plain JSON"):
        store.key_of({"transform": object()}, ["a"])


def test_one_is_found_by_its_key_if_its_parts_are_the_same(tmp_path: Path):
    key = store.key_of({"size": 1}, ["a", "b"])
    built = build(tmp_path, key)
    found = store.find(key, {"size": 1}, tmp_path)
    assert found == built and found.has(["a"]) and not found.has(["a", "c"])
    assert store.find(key, {"size": 2}, tmp_path) is None
    assert store.find(store.key_of({"size": 1}, ["a"]), {"size": 1}, tmp_path) is None


def test_one_that_was_not_finished_is_built_anew_and_leaves_nothing(tmp_path: Path):
    def die(write: Write) -> None:
        write("a", VALUES["a"])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, write=die)
    (tmp_path / f"{store.TEMP}k-1").mkdir()  # of one that was killed
    (tmp_path / "k").mkdir()
    np.testing.assert_array_equal(build(tmp_path).read("a"), VALUES["a"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["k", "k.lock"]


def test_a_flipped_byte_is_refused(tmp_path: Path):
    path = build(tmp_path).path / "features.f32"
    content = bytearray(path.read_bytes())
    content[5] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="must have the checksum that they were written with, got another") as error:
        build(tmp_path).read("a")
    assert error.value.hint == "Run: mmexp cache clear k"
    assert build(tmp_path).read("b") is not None


def test_a_file_that_was_cut_is_refused(tmp_path: Path):
    path = build(tmp_path).path / "features.f32"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match="must be 32 bytes, got 31"):
        build(tmp_path).read("a")


def test_more_than_the_limit_is_not_kept(tmp_path: Path):
    with pytest.raises(NotKept, match=r"they take more than 2\.5e-08 GiB; set feature_cache to more"):
        build(tmp_path, limit=2.5e-8)
    assert not store.stores(tmp_path)


def test_the_store_that_was_used_longest_ago_goes_first(tmp_path: Path):
    paths = [build(tmp_path, key).path for key in "abc"]
    for age, path in enumerate(paths):
        os.utime(path / "index.json", (time.time() - age, time.time() - age))
    limit = 1.5 * Store(paths[0]).size / GIB
    assert [one.path.name for one in store.trim(limit, [paths[2]], tmp_path)] == ["b", "a"]
    assert [one.path.name for one in store.stores(tmp_path)] == ["c"]


def test_a_store_that_is_removed_can_be_read_to_its_end(tmp_path: Path):
    open_one = build(tmp_path)
    open_one.read("b")
    store.remove(open_one)
    np.testing.assert_array_equal(open_one.read("a"), VALUES["a"])
    assert not any(tmp_path.iterdir())


def test_a_store_that_another_process_removes_can_be_read_and_listed(tmp_path: Path):
    mine, listed = build(tmp_path), store.stores(tmp_path)[0]
    store.remove(Store(mine.path))
    np.testing.assert_array_equal(mine.read("a"), VALUES["a"])
    assert listed.size == 0 and listed.used == 0
    store.remove(listed)
    assert not any(tmp_path.iterdir())


def _slowly(write: Write) -> None:
    time.sleep(0.2)
    write_all(write)
    with open(os.environ["BUILT"], "a") as file:
        file.write("x")


def _process(folder: Path) -> None:
    assert build(folder, write=_slowly).read("a").shape == (3, 2)


def test_of_two_processes_one_builds_and_the_other_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BUILT", str(tmp_path / "built"))
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_process, args=(tmp_path / "stores",)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0, 0] and (tmp_path / "built").read_text() == "x"


def test_the_folder_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MMEXP_CACHE", "/somewhere")
    assert store.root() == Path("/somewhere/features")
