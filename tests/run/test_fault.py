from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from mmexp.run.fault import FAULTS, inject_fault


def test_nothing_fails_unless_asked():
    assert FAULTS == {}
    inject_fault("checkpoint.half_written")


def test_the_environment_names_the_place_at_which_a_process_is_killed():
    code = "from mmexp.run.fault import inject_fault as f; f('there'); print('on', flush=True); f('here'); print('not')"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "MMEXP_FAULT": "here:kill"},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, "on\n")
