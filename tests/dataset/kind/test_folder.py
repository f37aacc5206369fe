from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.image import read_image


def test_a_folder_finds_files_below_its_root_only(tmp_path: Path) -> None:
    (tmp_path / "root/a").mkdir(parents=True)
    (tmp_path / "root/b").mkdir()
    (tmp_path / "root/out").symlink_to(tmp_path)
    (tmp_path / "root/loop").symlink_to("loop")
    folder = Folder(tmp_path / "root", tmp_path / "root/a")
    assert folder.locate("../b/x.png") == tmp_path / "root/b/x.png"
    for value, message in {
        "../../x.png": "must lie inside .*root, got '../../x.png'",
        "../out/x.png": "must lie inside .*root, got '../out/x.png'",
        "../../root2/x.png": "must lie inside",
        "/etc/hostname": "must be a path relative to the manifest, got '/etc/hostname'",
        "http://host/x.png": "must be the path of a file, not a URL, as nothing is downloaded, got 'http:",
        "pipe:cat x": "must be a path relative to the manifest, got 'pipe:",
        "file:x.png": "must be a path relative to the manifest",
        "C:\\x.png": "must be a path relative to the manifest",
        "a\0b": "must be a path, got",
        "": "must be a path, got ''",
        "\ud800": "must be a path that leads somewhere, got",
    }.items():
        with pytest.raises(ValueError, match=message):
            folder.locate(value)
    with pytest.raises(ValueError, match="must be a path, got 3"):
        folder.locate(3)


def test_links_that_go_round_and_names_too_long_are_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    folder = Folder(tmp_path, tmp_path)
    for value in ("loop", "x" * 5000):
        with pytest.raises(ValueError, match="must be"):
            read_image(folder.locate(value))
