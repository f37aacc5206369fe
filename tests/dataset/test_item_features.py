from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmexp.dataset.item_features import WORDS, read_features
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.image import SIDE
from mmexp.dataset.kind.kinds import standard
from mmexp.dataset.table.reader import Record
from mmexp.error import ConfigError, DataError


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    for i in range(3):
        Image.fromarray(np.full((16, 24, 3), 60 * i, np.uint8)).save(tmp_path / f"{i}.png")
    return Folder(tmp_path, tmp_path)


def rows(*cells: object) -> dict[str, Record]:
    return {f"i{n}": Record(f"i{n}", f"items.csv:{n + 2}", {"what": cell}) for n, cell in enumerate(cells)}


def test_a_text_becomes_the_words_that_several_have(folder):
    found = read_features(
        "what", rows("Star Wars (1977)", "Star Trek", "A star", "Trek", "Trek", None), folder, standard()
    )
    expected = [[2**0.5, 0], [1, 1], [2**0.5, 0], [0, 2**0.5], [0, 2**0.5]]  # star, trek
    assert np.stack(list(found.values())) == pytest.approx(np.array(expected)) and "i5" not in found


def test_entries_of_a_list_count_as_they_are(folder):
    found = read_features("what", rows(*[["Film-Noir", "War"]] * 3, '["War"]'), folder, standard())
    assert found["i0"].tolist() == [1, 1] and found["i3"].tolist() == pytest.approx([0, 2**0.5])


def test_at_most_so_many_words_count(folder):
    found = read_features("what", rows(*[" ".join(f"w{i}" for i in range(WORDS + 50))] * 3), folder, standard())
    assert {len(row) for row in found.values()} == {WORDS}


def test_images_become_standardised_thumbnails_and_numbers_too(folder):
    found = read_features("what", rows("0.png", None, "1.png", "2.png"), folder, standard())
    assert set(found) == {"i0", "i2", "i3"} and found["i0"].shape == (3 * SIDE**2,)
    assert np.stack(list(found.values())).mean(0) == pytest.approx(0, abs=1e-6)
    table = np.stack(list(read_features("what", rows([1, 5], [2, 5], [6, 5]), folder, standard()).values()))
    assert table.mean(0) == pytest.approx(0, abs=1e-6) and table.std(0).tolist() == pytest.approx([1, 0])


@pytest.mark.parametrize(
    ("cells", "error", "fault"),
    [
        ((None, ""), DataError, "column 'what' must have a value in some row, got none"),
        (("a.wav",), ConfigError, "column 'what' must hold images, texts or numbers, got audio"),
        (("0.png", "9.png"), DataError, "items.csv:3: what '9.png' must be a file, got none"),
        (("0.png", "../9.png"), DataError, "items.csv:3: what '../9.png' must lie inside"),
        (([1.0], "x"), DataError, "items.csv:3: what must be a list of numbers, got 'x'"),
        (([1.0], [1.0, 2.0]), DataError, r"column 'what' must hold vectors of one width, got \[\[1\], \[2\]\]"),
        (([[1.0], [2.0]],), DataError, "items.csv:2: what must be one list of numbers, got 2 of them"),
    ],
)
def test_what_cannot_be_read_is_refused_by_line(folder, cells, error, fault):
    with pytest.raises(error, match=fault):
        read_features("what", rows(*cells), folder, standard())
