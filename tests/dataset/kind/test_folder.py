from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from mmexp.dataset.kind.folder import Folder, no_path
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


@pytest.fixture
def shop(tmp_path: Path) -> Folder:
    """A folder ``shop`` with photos in two folders, a list in ``lists``, and a link out of it."""
    for path in ("shop/photos/red hat.png", "shop/icons/a.png", "shop/lists/b.png", "shop/Lists/c.png", "home/d.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "shop/out").symlink_to(tmp_path / "home")
    return Folder(tmp_path / "shop", tmp_path / "shop")


@pytest.mark.parametrize(
    ("value", "near"),
    [
        ("/srv/shop/photos/red hat.png", "photos/red hat.png"),
        ("D:\\nas\\Photos\\Red hat.PNG", "photos/red hat.png"),
        ("E:\\red hat.png", "photos/red hat.png"),
        ("file:///srv/icons/a.png", "icons/a.png"),
        ("../../photos/red hat.png", "photos/red hat.png"),
        ("red hat.png", "photos/red hat.png"),
    ],
)
def test_the_end_of_a_foreign_path_is_found_below_the_folder(shop: Folder, value: str, near: str) -> None:
    assert shop.nearest(value) == near
    assert shop.cure(value) == f"Write {near!r}: paths start at the folder of the manifest."


@pytest.mark.parametrize("value", ["/srv/d.png", "photos/a.png", "/etc/hostname", "../home/d.png", "out/d.png", "/"])
def test_no_other_file_and_none_outside_is_named(shop: Folder, value: str) -> None:
    assert shop.nearest(value) == "" and shop.cure(value).startswith("Set dataset.root to")


def test_a_path_from_the_root_is_found_from_the_folder_of_the_table(shop: Folder) -> None:
    below = Folder(shop.root, shop.root / "lists")
    assert below.nearest("icons/a.png") == "../icons/a.png" and below.locate("../icons/a.png").is_file()


def test_of_two_files_with_the_same_end_none_is_named(shop: Folder) -> None:
    (shop.root / "photos/a.png").touch()
    assert shop.nearest("C:\\a.png") == "" and shop.nearest("C:\\icons\\a.png") == "icons/a.png"


def test_the_content_of_a_file_and_a_url_are_told_from_a_path(shop: Folder) -> None:
    content = "/9j/4AAQSkZJRgABAQ" * 40
    for value in (content, content[1:], f"data:image/jpeg;base64,{content}"):
        with pytest.raises(ValueError, match=r"must be the path of a file, not its content, got '.{60}' of \d+ char"):
            shop.locate(value)
        assert shop.cure(value).startswith("Save the content as files below the folder of the manifest")
    assert shop.cure("https://host/x.png").startswith("Save the content as files") and "text" in shop.cure(3)
    (shop.root / ("Frames1" * 12)).mkdir()
    assert shop.locate("Frames1" * 12).is_dir() and no_path("photos/a.png") == ""
