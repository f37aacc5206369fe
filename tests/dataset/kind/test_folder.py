from __future__ import annotations

import unicodedata
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


def test_a_relative_folder_is_that_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        assert Folder(Path("."), Path(".")).locate("x.png") == tmp_path / name / "x.png"


def test_links_that_go_round_and_names_too_long_are_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    folder = Folder(tmp_path, tmp_path)
    for value in ("loop", "x" * 5000):
        with pytest.raises(ValueError, match="must be"):
            read_image(folder.locate(value))


def test_a_path_of_windows_of_a_url_or_of_another_unicode_form_is_found_below_the_root_only(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "b").mkdir(parents=True)
    (tmp_path / "x y.png").touch()
    names = [
        "my cat.png",
        "100%20.png",
        unicodedata.normalize("NFC", "Zoë.png"),
        unicodedata.normalize("NFD", "Åse.png"),
    ]
    for name in names:
        (root / "b" / name).touch()
    folder = Folder(root, root)
    for value, name in {
        "b\\my cat.png": names[0],
        "b/my%20cat.png": names[0],
        "b/100%20.png": names[1],
        "b/100%2520.png": names[1],
        unicodedata.normalize("NFD", "b/Zoë.png"): names[2],
        "b\\" + unicodedata.normalize("NFC", "Åse.png"): names[3],
        f"{root}/b/my cat.png": names[0],
    }.items():
        assert folder.locate(value) == root / "b" / name
    for value in ("..\\x y.png", "%2e%2e/x%20y.png", "b\\..\\..\\x y.png"):
        with pytest.raises(ValueError, match="must lie inside"):
            folder.locate(value)
    for value in ("b/a%00", f"{tmp_path}/x y.png"):
        with pytest.raises(ValueError, match="must be a path"):
            folder.locate(value)


def test_the_name_that_differs_only_in_case_is_known(tmp_path: Path) -> None:
    (tmp_path / "Photos").mkdir()
    (tmp_path / "Photos/Dog.JPG").touch()
    folder = Folder(tmp_path, tmp_path)
    assert folder.nearest("photos/dog.jpg") == "Photos/Dog.JPG" and folder.nearest("photos/cat.jpg") == ""
