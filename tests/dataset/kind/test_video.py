from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.video import name_frames, paths_in, read_frames


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "video").mkdir()
    for number in (10, 9, 1):
        Image.new("RGB", (4, 3), (number, 0, 0)).save(tmp_path / f"video/f{number}.png")
    (tmp_path / "video/notes.txt").write_text("x")
    (tmp_path / "video/.hidden.png").write_text("x")
    (tmp_path / "empty").mkdir()
    return Folder(tmp_path, tmp_path)


def test_a_folder_is_its_images_in_the_order_of_their_numbers(folder: Folder):
    assert (
        name_frames("video", folder)
        == name_frames("video/", folder)
        == ["video/f1.png", "video/f9.png", "video/f10.png"]
    )


def test_a_list_of_paths_keeps_its_order(folder: Folder):
    frames = ["video/f9.png", "video/f1.png"]
    assert name_frames(frames, folder) == name_frames('["video/f9.png", "video/f1.png"]', folder) == frames
    assert paths_in("video") == ["video"] and paths_in(frames) == frames


@pytest.mark.parametrize("value", ["empty", "video/f1.png", "gone.mp4"])
def test_what_holds_no_frames_is_refused(folder: Folder, value: str):
    with pytest.raises(ValueError, match=f"must be a folder of frames or a list of their paths, got '{value}'"):
        name_frames(value, folder)


@pytest.mark.parametrize("value", ["..", ["video/f1.png", "../x.png"], [3]])
def test_a_path_that_leaves_the_root_or_is_none_is_refused(folder: Folder, value):
    with pytest.raises(ValueError, match=r"must lie inside|must be a path"):
        name_frames(value, folder)


def test_frames_are_read_in_order_and_must_be_of_one_size(folder: Folder, tmp_path: Path):
    video = read_frames([tmp_path / f"video/f{number}.png" for number in (9, 1)])
    assert video.shape == (2, 3, 4, 3) and video.dtype == np.uint8 and video[:, 0, 0, 0].tolist() == [9, 1]
    Image.new("RGB", (5, 3)).save(tmp_path / "wide.png")
    with pytest.raises(ValueError, match="must have frames of one size, got 2 sizes"):
        read_frames([tmp_path / "video/f1.png", tmp_path / "wide.png"])


def test_a_video_file_is_refused_with_what_to_type_for_its_frames(tmp_path: Path) -> None:
    (tmp_path / "my clip.mp4").touch()
    with pytest.raises(
        ValueError, match=r"got 'my clip\.mp4'\. Make its frames a folder: mkdir '.*/my clip' && ffmpeg -i"
    ):
        name_frames("my clip.mp4", Folder(tmp_path, tmp_path))
    with pytest.raises(ValueError, match=r"a folder of frames or a list of their paths, got 'lost\.mp4'$"):
        name_frames("lost.mp4", Folder(tmp_path, tmp_path))
