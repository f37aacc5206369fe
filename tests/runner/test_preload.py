from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = "import os, sys, mmexp.runner.preload as own; print('wave' in sys.modules, own.NAMED in os.environ)"


def test_what_is_named_is_imported_and_what_cannot_be_is_left_to_the_worker(tmp_path: Path):
    (tmp_path / "broken_made_up.py").write_text("raise RuntimeError('operator nms does not exist')\n")
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    env["MMEXP_PRELOAD"] = "broken_made_up no.such.module wave"
    done = subprocess.run([sys.executable, "-c", CODE], env=env, check=True, capture_output=True, text=True)
    assert done.stdout == "True False\n"
