from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from mmexp.dataset.kind.kinds import standard
from mmexp.dataset.table.ad_hoc import pair, read_words
from mmexp.dataset.table.error_policy import ErrorPolicy
from mmexp.dataset.table.rows import Rows
from mmexp.error import ConfigError, DataError

ALL = ("image", "audio", "text")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    Image.new("RGB", (4, 2), (9, 0, 0)).save(tmp_path / "a.png")
    soundfile.write(tmp_path / "b.wav", np.zeros(8), 8000)
    (tmp_path / "c.txt").write_text("what is it?\n")
    (tmp_path / "d.png").write_bytes(b"broken")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(*words: str, modalities: Sequence[str] = ALL, limit: float = 0.0) -> Rows:
    return read_words(words, modalities, ErrorPolicy(limit, len(words)), standard(), {})


def test_each_file_is_a_sample_told_by_its_suffix(here: Path) -> None:
    image, audio, text = read(str(here / "a.png"), "b.wav", "c.txt")
    assert [list(sample.inputs) for sample in (image, audio, text)] == [["image"], ["audio"], ["text"]]
    assert [image.id, audio.id, text.id] == [str(here / "a.png"), "b.wav", "c.txt"]
    assert image.inputs["image"].tolist() == [[[9, 0, 0]] * 4] * 2
    assert (audio.inputs["audio"].rate, text.inputs["text"]) == (8000, "what is it?")


def test_typed_values_make_one_sample_behind_the_files() -> None:
    file, typed = read("image=a.png", "c.txt", "text=is a = b?", "audio=b.wav")
    assert file.id == "c.txt"
    assert typed.id == "typed"
    assert set(typed.inputs) == {"image", "text", "audio"}
    assert typed.inputs["text"] == "is a = b?"


def test_suffixes_may_be_in_capitals(here: Path) -> None:
    (here / "a.png").rename(here / "A.PNG")
    assert list(read("A.PNG")[0].inputs) == ["image"]


def test_a_file_named_like_a_value_is_a_file(here: Path) -> None:
    (here / "a.png").rename(here / "image=a.png")
    assert pair("image=a.png") is None
    assert read("image=a.png")[0].id == "image=a.png"
    assert read("./image=a.png")[0].id == "./image=a.png"
    assert pair("image=b.png") == ("image", "b.png")
    assert pair("text=" + "long " * 200) is not None


@pytest.mark.parametrize("word", ["gone.png", "what is it", "gone.xyz"])
def test_a_file_that_is_not_there_is_refused_by_name(word: str) -> None:
    with pytest.raises(DataError, match=rf"{word}: file must be there, got none") as caught:
        read(word)
    assert "text='...'" in caught.value.hint


def test_a_path_that_is_typed_for_a_modality_must_be_there() -> None:
    with pytest.raises(DataError, match=r"sample typed: image 'gone\.png' must be a file, got none"):
        read("image=gone.png")


def test_an_unknown_suffix_is_refused_with_the_known_ones(here: Path) -> None:
    (here / "a.png").rename(here / "a.xyz")
    with pytest.raises(ConfigError, match=r"file must end in \.jsonl, .*\.jpg, .*, got 'a\.xyz'") as caught:
        read("a.xyz")
    assert caught.value.hint == "Give it as image=a.xyz or the like, which names its modality."
    assert list(read("image=a.xyz")[0].inputs) == ["image"]


def test_modalities_of_other_names_are_typed_by_them() -> None:
    kinds = {"front": "image", "back": "image", "voice": "audio", "left": "vector"}

    def typed(*words: str) -> Rows:
        return read_words(words, list(kinds), ErrorPolicy(0.0, len(words)), standard(), kinds)

    (sample,) = typed("front=a.png", "back=a.png", "left=[1, 2.5]")
    assert sample.inputs["front"].shape == sample.inputs["back"].shape == (2, 4, 3)
    assert sample.inputs["left"].tolist() == [1, 2.5]
    assert list(typed("b.wav")[0].inputs) == ["voice"], "the only modality of its kind"
    with pytest.raises(ConfigError, match=r"'a\.png' must be of a modality that the model encodes, got image"):
        typed("a.png")
    with pytest.raises(DataError, match=r"sample typed: left must be a list of numbers, got '1, 2'"):
        typed("left=1, 2")


@pytest.mark.parametrize(("word", "got"), [("b.wav", "audio"), ("audio=b.wav", "audio"), ("video=v.mp4", "video")])
def test_a_modality_that_is_not_encoded_is_refused_with_those_that_are(word: str, got: str) -> None:
    with pytest.raises(ConfigError, match=rf"'{word}' must be of a modality that the model encodes, got {got}.*image"):
        read(word, modalities=("image", "text"))


@pytest.mark.parametrize("words", [("image=a.png", "image=d.png"), ("text=",)])
def test_a_modality_is_given_once_and_has_a_value(words: Sequence[str]) -> None:
    with pytest.raises(ConfigError, match=rf"must be given once, with a value, got '{words[-1]}'"):
        read(*words)


def test_a_broken_file_is_refused_or_left_out_as_tolerated() -> None:
    with pytest.raises(DataError, match=r"sample d\.png: image 'd\.png' must be an image that decodes"):
        read("a.png", "d.png")
    assert [sample.id for sample in read("a.png", "d.png", limit=1.0)] == ["a.png"]


@pytest.mark.parametrize(
    ("content", "rule"), [(b" \n", "file must hold a text, got none"), (b"\xff", "file must be readable as UTF-8, got")]
)
def test_a_text_file_must_hold_text(here: Path, content: bytes, rule: str) -> None:
    (here / "c.txt").write_bytes(content)
    with pytest.raises(DataError, match=rf"c\.txt: {rule}"):
        read("c.txt")


def test_the_suffixes_of_images_and_audio_are_those_that_can_be_read(here: Path) -> None:
    for suffix in standard()["image"].suffixes:
        Image.new("RGB", (4, 2)).save(here / f"e{suffix}")
        assert read(f"e{suffix}")[0].inputs["image"].shape == (2, 4, 3)
    for suffix in standard()["audio"].suffixes:
        soundfile.write(here / f"f{suffix}", np.zeros(8000), 8000)
        assert read(f"f{suffix}")[0].inputs["audio"].rate == 8000


def test_words_and_columns_are_typed_too() -> None:
    kinds = {"words": "words", "person": "tabular"}
    (sample,) = read_words(
        ['person={"age": 3}', "words=a red ball"], list(kinds), ErrorPolicy(0.0, 2), standard(), kinds
    )
    assert sample.inputs["words"] == ["a", "red", "ball"] and sample.inputs["person"] == {"age": 3}
    with pytest.raises(ConfigError, match=r"person must be columns with their values, .*got 'age'"):
        read_words(["person=age"], list(kinds), ErrorPolicy(0.0, 1), standard(), kinds)


def test_a_modality_whose_kind_is_not_known_is_refused() -> None:
    with pytest.raises(ConfigError, match="kind of cloud must be one that is known, got points"):
        read_words(["a.png"], ["cloud"], ErrorPolicy(0.0, 1), standard(), {"cloud": "points"})
