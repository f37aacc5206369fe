from __future__ import annotations

import subprocess
import sys

import pytest

from mmexp.cli import _exit

ENDING = """
import atexit, sys, threading, time, types
sys.modules["torch"] = types.ModuleType("torch")
class Slow:
    def __del__(self):
        print("freed", flush=True)
slow = Slow()
atexit.register(print, "registered")
from mmexp.cli._exit import leave
print("said", end=" ")
leave(7)
"""


def test_what_is_registered_runs_all_is_said_and_nothing_is_freed_one_by_one() -> None:
    done = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "said registered\n", "")


def test_a_process_without_torch_ends_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with pytest.raises(SystemExit, match="3"):
        _exit.leave(3)
