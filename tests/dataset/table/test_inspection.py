from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image

from mmexp.dataset.kind.audio import AudioKind
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.image import ImageKind
from mmexp.dataset.kind.inspection import Inspection
from mmexp.dataset.kind.mask import MaskKind
from mmexp.dataset.table.inspection import inspect_all


def test_each_file_is_noted_in_order_by_what_it_holds(tmp_path: Path):
    Image.new("RGB", (4, 3)).save(tmp_path / "a.png")
    Image.fromarray(np.array([[0, 7], [255, 255]], np.uint8)).save(tmp_path / "m.png")
    Image.fromarray(np.full((2, 2), 255, np.uint8)).save(tmp_path / "none.png")
    soundfile.write(tmp_path / "a.wav", np.zeros(8), 8000)
    files = [("front", "a.png"), ("mask", "m.png"), ("mask", "none.png"), ("audio", "a.wav"), ("front", "gone.png")]
    kinds: Any = {"front": ImageKind(), "mask": MaskKind(), "audio": AudioKind()}
    found = dict(inspect_all(files, kinds, Folder(tmp_path, tmp_path)))
    assert list(found) == files
    names = ("a.png", "m.png", "none.png", "a.wav")
    digest = {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in names}
    assert found["front", "a.png"] == Inspection(digest["a.png"], {"shape": (3, 4)})
    assert found["mask", "m.png"] == Inspection(digest["m.png"], {"shape": (2, 2), "numbers": [0, 7, 255]})
    assert found["mask", "none.png"] == Inspection(digest["none.png"], {"shape": (2, 2), "numbers": [255]})
    assert found["audio", "a.wav"] == Inspection(digest["a.wav"], {"rate": 8000, "seconds": 8 / 8000})
    assert found["front", "gone.png"].fault == "front 'gone.png' must be a file, got none."
