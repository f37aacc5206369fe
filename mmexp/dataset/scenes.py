"""A built-in world of objects in image, audio and text, with questions about them and the truth known."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from mmexp.contract import Sample, Split
from mmexp.dataset.base import MultimodalDataset
from mmexp.dataset.catalogue import catalogue
from mmexp.dataset.kind import tabular
from mmexp.dataset.kind.number import is_number
from mmexp.dataset.lazy import Lazy
from mmexp.dataset.samples import Samples
from mmexp.dataset.synthetic.scenes import captions, dialogue, draw, questions, score, sound, table, taste
from mmexp.dataset.synthetic.scenes.scene import MAX_OBJECTS, SPLITS, VERSION, Scene, sample
from mmexp.dataset.synthetic.scenes.side import ASKED, CLASSES, COMPANIONS, INPUTS, KINDS, SHOWN, SYMBOLS, TABLES, Side
from mmexp.error import ResourceError
from mmexp.run.atomic import atomic, write_atomic

CACHE = "~/.cache/mmexp/scenes"
"""Where drawn images are kept, unless the environment variable MMEXP_CACHE names another folder."""
MEASURED = 1000
"""Training scenes that mean and deviation of numbers are taken from, at most."""


@dataclass(frozen=True)
class World:
    """What fixes every scene of one split.

    Args:
        seed: Names the world.
        split: The scenes of different splits differ.
        size: Number of scenes.
        max_objects: Objects in a scene at most.
        image_size: Height and width of the images, in pixels.
    """

    seed: int
    split: Split
    size: int
    max_objects: int
    image_size: int

    def scene(self, index: int) -> Scene:
        """The truth of one scene."""
        return sample(self.seed, self.split, index, self.max_objects)

    def file(self, cache: Path) -> Path:
        """Where the images of the split are kept; the name is a hash of all that they depend on."""
        name = hashlib.sha256(json.dumps([VERSION, asdict(self)]).encode()).hexdigest()[:16]
        return cache / f"{self.split}-{name}.npy"


class SceneSplit(Samples):
    """Scenes of one split; each side of one is made, or read from the cache, when it is asked for.

    Args:
        world: What fixes them.
        cache: Folder of the images; None draws each anew.
    """

    def __init__(self, world: World, cache: Path | None) -> None:
        self.world, self.cache = world, cache

    def __len__(self) -> int:
        return self.world.size

    def sample(self, index: int) -> Sample:
        scene = self.world.scene(index)
        return Sample(
            f"{self.world.split}-{index:06d}",
            Lazy(tuple(SHOWN), partial(self._render, SHOWN, scene, index)),
            Lazy(tuple(ASKED), partial(self._render, ASKED, scene, index)),
        )

    def _render(self, sides: Mapping[str, Side], scene: Scene, index: int, name: str) -> Any:
        if name == "image" and self.images is not None:
            return np.array(self.images[index])
        return sides[name](scene, self.world.image_size)

    def __getstate__(self) -> dict[str, Any]:
        return {"world": self.world, "cache": self.cache}

    @cached_property
    def images(self) -> np.ndarray | None:
        """uint8 [size, image_size, image_size, 3], mapped from disk; None without a complete file."""
        return read_images(self.world, self.cache) if self.cache else None


def read_images(world: World, cache: Path) -> np.ndarray | None:
    """Map the images of a split; None if the file is absent, cut off or of another shape."""
    try:
        images: np.ndarray = np.load(world.file(cache), mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return None
    shape = (world.size, world.image_size, world.image_size, 3)
    return images if images.shape == shape and images.dtype == np.uint8 else None


def is_whole(world: World, cache: Path) -> bool:
    """Return whether the images of a split are there and have the checksum that was kept with them."""
    images = read_images(world, cache)
    try:
        return images is not None and _checksum_file(world, cache).read_text() == f"{zlib.crc32(images.data):08x}"
    except (OSError, UnicodeDecodeError):
        return False


def write_images(world: World, cache: Path) -> None:
    """Draw a split and keep it. Two processes may do so at once: the later one replaces an equal file.

    Raises:
        ResourceError: If the folder cannot be written.
    """
    images = np.stack([draw.render(world.scene(i), world.image_size) for i in range(world.size)])
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with atomic(world.file(cache)) as file:
            np.save(file, images)
        write_atomic(_checksum_file(world, cache), f"{zlib.crc32(images.data):08x}")
    except OSError as error:
        raise ResourceError(
            f"Scenes: cache must be a folder that can be written, got {cache} ({error.strerror}).",
            "Set dataset.cache to another folder, or dataset.cache=null to draw the images each time.",
        ) from error


def _checksum_file(world: World, cache: Path) -> Path:
    return world.file(cache).with_suffix(".crc32")


class Scenes(MultimodalDataset):
    """Draws, voices and describes a little world of a few objects, the same for the same seed.

    Only the image shows shape, size and position, only the audio the material; colour is in both. ``label`` needs both:
    it names material and shape of the largest object. So does ``score``. Further inputs go with the targets that need
    them, see ``mmexp.dataset.synthetic.scenes.side``.

    Args:
        seed: Names the world.
        sizes: Scenes in train, val and test.
        max_objects: Objects in a scene at most, 1 to 4.
        image_size: Height and width of the images, in pixels, at least 32.
        cache: Folder of the drawn images; None draws them anew each time. MMEXP_CACHE moves the default.

    Raises:
        ValueError: If a number is out of its range.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        sizes: Sequence[int] = (4000, 300, 500),
        max_objects: int = 3,
        image_size: int = 64,
        cache: str | None = CACHE,
    ) -> None:
        if len(sizes) != len(SPLITS) or min(sizes) < 1:
            raise ValueError(f"Scenes: sizes must be three numbers of at least 1, got {list(sizes)}.")
        if not 1 <= max_objects <= MAX_OBJECTS:
            raise ValueError(f"Scenes: max_objects must be in [1, {MAX_OBJECTS}], got {max_objects}.")
        if image_size < 32:
            raise ValueError(f"Scenes: image_size must be at least 32, got {image_size}.")
        if not 0 <= seed < 2**64:
            raise ValueError(f"Scenes: seed must be in [0, 2**64), got {seed}.")
        make = partial(World, seed, max_objects=max_objects, image_size=image_size)
        self.worlds = {name: make(split=name, size=size) for name, size in zip(SPLITS, sizes, strict=True)}
        folder = os.environ.get("MMEXP_CACHE", CACHE) if cache == CACHE else cache
        self.cache = Path(folder).expanduser() if folder else None
        self.inputs = INPUTS
        self.extra = {name: name for name in SHOWN if name not in INPUTS}
        self.targets = {name: name for name in ASKED}
        self.companions = COMPANIONS

    def prepare(self, splits: Sequence[Split] = SPLITS) -> None:
        for world in (self.worlds[name] for name in splits):
            if self.cache and not is_whole(world, self.cache):
                write_images(world, self.cache)

    def split(self, name: Split) -> Sequence[Sample]:
        return SceneSplit(self.worlds[name], self.cache)

    def lengths(self, split: Split, name: str) -> Iterator[Any]:
        """Return nothing: whatever is drawn or said is short."""
        return iter(())

    def describe(self) -> dict[str, Any]:
        """Facts of the training split, ``score`` and ``modality.tabular`` from its first scenes."""
        rows = [table.render(scene) for scene in islice(self._training(), MEASURED)]
        numbers = {name for row in rows for name, cell in row.items() if is_number(cell)}
        scores = [score.render(scene) for scene in islice(self._training(), MEASURED)]
        return {
            "classes": {target: list(values) for target, values in CLASSES.items()},
            "sizes": {name: world.size for name, world in self.worlds.items()},
            "sample_rate": sound.RATE,
            "score": tabular.moments(scores),
            "modality": {
                "tabular": {"kind": "tabular", "columns": tabular.describe(rows, table.COLUMNS, numbers)},
                **{name: {"kind": kind} for name, kind in KINDS.items()},
                **{name: {"kind": "symbols", "symbols": list(known)} for name, known in SYMBOLS.items()},
            },
        }

    def texts(self) -> Iterator[str]:
        for scene in self._training():
            yield from captions.render(scene)
            yield from questions.render(scene)
            history, reply = dialogue.render(scene)
            yield from (*history, reply)

    def values(self, target: str) -> Iterator[Any]:
        return (ASKED[target](scene, self.worlds["train"].image_size) for scene in self._training())

    def tables(self) -> Mapping[str, Iterable[Any]]:
        offered = catalogue(taste.ITEMS, self.values("item"), taste.CONTENT)
        return {**super().tables(), **{name: read() for name, read in TABLES.items()}, "catalogue": offered}

    def fingerprint(self) -> str:
        known = [VERSION, *map(asdict, self.worlds.values())]
        return hashlib.sha256(json.dumps(known).encode()).hexdigest()

    def _training(self) -> Iterator[Scene]:
        world = self.worlds["train"]
        return map(world.scene, range(world.size))
