from __future__ import annotations

import stat
from pathlib import Path

import pytest

from mmexp.error import ConfigError
from mmexp.study.anonymize.salt import salt


def test_a_salt_is_random_unless_a_file_keeps_it(tmp_path: Path):
    assert salt(None, tmp_path)[0] != salt(None, tmp_path)[0]
    path = tmp_path / "salt"
    first, said = salt(path, tmp_path / "copy")
    assert salt(path, tmp_path / "copy")[0] == first and said == "from salt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_salt_in_the_copy_or_a_short_one_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="--salt-file must lie outside of the copy, got"):
        salt(tmp_path / "copy/salt", tmp_path / "copy")
    (tmp_path / "short").write_text("abc")
    with pytest.raises(ConfigError, match="must hold 16 characters at least, got 3"):
        salt(tmp_path / "short", tmp_path / "copy")
