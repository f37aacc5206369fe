from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmexp.run import lease
from mmexp.run.lease import BEAT, EXPIRY, Lease, boot, take

HOLD = """
import sys, time
from pathlib import Path
from mmexp.run.lease import take
held = take(Path(sys.argv[1]))
print("held" if held else "lost", flush=True)
time.sleep(60)
"""


def hold_elsewhere(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "held\n"
    return process


def of_another_machine(path: Path, age: float) -> Lease:
    """A lease whose holder showed its last sign of life so long ago."""
    path.write_text(json.dumps({"pid": 1, "host": "other", "boot": "another", "locked": True}))
    os.utime(path, (time.time() - age,) * 2)
    return Lease(path)


def test_a_lease_is_taken_by_one_and_says_who_that_is(tmp_path: Path):
    path = tmp_path / "a.json"
    held = take(path, note="mine")
    assert held is not None and take(path) is None
    with held:
        assert Lease(path).holder == {**Lease(path).holder, "pid": os.getpid(), "boot": boot(), "note": "mine"}
        assert Lease(path).is_here and Lease(path).is_alive()
    assert not Lease(path).is_alive()
    assert take(path) is None and [one.name for one in tmp_path.iterdir()] == ["a.json"]


def test_the_lease_of_a_killed_process_of_this_machine_is_dead_at_once(tmp_path: Path):
    process = hold_elsewhere(path := tmp_path / "a.json")
    try:
        assert Lease(path).is_alive()
    finally:
        process.kill()
        process.communicate()
    assert not Lease(path).is_alive()


@pytest.mark.parametrize(("age", "alive"), [(0.0, True), (EXPIRY / 2, True), (EXPIRY + 5, False)])
def test_one_of_another_machine_lives_as_long_as_it_is_touched(tmp_path: Path, age: float, alive: bool):
    assert of_another_machine(tmp_path / "a.json", age).is_alive() is alive
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


def test_the_clock_of_this_machine_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    one = of_another_machine(tmp_path / "a.json", 0.0)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert one.is_alive()


def test_its_holder_touches_it_and_looks_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lease, "BEAT", 0.01)
    held, looks = take(path := tmp_path / "a.json"), list[int]()
    assert held is not None and BEAT < EXPIRY / 10
    os.utime(path, (0, 0))
    with held:
        held.beat(lambda: looks.append(1))
        while not looks:
            time.sleep(0.01)
    assert path.stat().st_mtime > 0


def test_without_hard_links_it_is_taken_by_one_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def no_links(*paths: object) -> None:
        raise PermissionError("no hard links")

    monkeypatch.setattr(os, "link", no_links)
    held = take(path := tmp_path / "a.json")
    assert held is not None and take(path) is None and Lease(path).is_alive()
    with held:
        assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


def test_a_lease_that_cannot_be_read_counts_as_one_of_another_machine(tmp_path: Path):
    (path := tmp_path / "a.json").write_text("{")
    assert Lease(path).holder == {} and Lease(path).is_alive()
