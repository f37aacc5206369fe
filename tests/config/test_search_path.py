from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.config import search_path
from mmexp.config.search_path import conf_folders, conf_path, conf_state, user_conf
from mmexp.error import ConfigError

ROOT = Path(__file__).resolve().parents[2]


def test_a_checkout_has_it_beside_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert conf_path() == ROOT / "conf"
    assert user_conf() is None
    assert conf_folders() == [ROOT / "conf"]


def test_an_installed_package_has_it_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mmexp" / "conf").mkdir(parents=True)
    (tmp_path / "conf").mkdir()
    monkeypatch.setattr(search_path, "__file__", str(tmp_path / "mmexp" / "config" / "search_path.py"))
    assert conf_path() == tmp_path / "mmexp" / "conf"


def test_the_users_own_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert user_conf() is None
    (tmp_path / "conf").mkdir()
    assert user_conf() == tmp_path / "conf"
    assert conf_folders() == [tmp_path / "conf", conf_path()]


def test_an_incomplete_installation_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_path, "__file__", str(tmp_path / "mmexp" / "config" / "search_path.py"))
    with pytest.raises(ConfigError, match="conf: folder must come with mmexp, got none at"):
        conf_path()


def test_the_state_changes_with_a_file_that_comes_changes_or_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    states = [conf_state()]
    (tmp_path / "conf/task").mkdir(parents=True)
    file = tmp_path / "conf/task/own.yaml"
    for text in ("a: 1", "a: 12"):
        file.write_text(text)
        states.append(conf_state())
    (tmp_path / "conf/lost.yaml").symlink_to("nowhere")
    assert conf_state() == states[-1]
    file.unlink()
    assert len(set(states)) == 3 and conf_state() == states[0]
