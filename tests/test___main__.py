from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_python_m_mmexp_is_mmexp() -> None:
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run([sys.executable, "-m", "mmexp", "nope"], cwd=root, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "got 'nope'" in done.stderr
