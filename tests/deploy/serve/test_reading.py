from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from mmexp.deploy.serve.exchange import Payload, Upload
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.reading import Reader, Uploads
from mmexp.deploy.serve.refusal import Refusal

COLUMNS = [{"name": "age", "mean": 4.0, "std": 2.0}, {"name": "kind", "values": ["x", "y"]}]
FACTS: Mapping[str, Any] = {
    "inputs": ["image", "audio", "text", "vector", "tabular", "video", "words", "symbols", "history", "clip"],
    "modality": {
        "vector": {"kind": "vector", "width": 3},
        "tabular": {"kind": "tabular", "columns": COLUMNS},
        "clip": {"kind": "audio"},
    },
}


def reader(**limits: Any) -> Reader:
    trained = SimpleNamespace(facts=FACTS, root={"kind": None, "plugins": []})
    return Reader(trained, Limits(**limits))  # type: ignore[arg-type]


def png(value: int = 7, size: tuple[int, int] = (5, 4)) -> Upload:
    buffer = io.BytesIO()
    Image.new("RGB", size, (value, 0, 0)).save(buffer, "png")
    return Upload(buffer.getvalue(), ".png")


def wav(seconds: float = 0.5) -> Upload:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.full(int(8000 * seconds), 0.25), 8000, format="WAV")
    return Upload(buffer.getvalue())


def read(**values: Any) -> Any:
    return reader().read(Payload("a", values))


def test_each_kind_is_read_by_its_own_reader() -> None:
    row = {"age": 3, "kind": "x"}
    given = {"image": png(), "audio": wav(), "text": "a cat", "vector": [1, 2, 3], "tabular": row, "words": ["a", "b"]}
    inputs = read(**given, video=[png(1), png(2)], symbols=["s"], history=["hi", "ho"], clip=wav()).inputs
    assert inputs["image"].shape == (4, 5, 3) and inputs["image"][0, 0, 0] == 7
    assert inputs["audio"].rate == inputs["clip"].rate == 8000 and len(inputs["audio"].samples) == 4000
    assert inputs["text"] == "a cat" and inputs["vector"].tolist() == [1, 2, 3] and inputs["tabular"] == row
    assert inputs["video"].shape == (2, 4, 5, 3) and inputs["video"][1, 0, 0, 0] == 2
    assert (inputs["words"], inputs["symbols"], inputs["history"]) == (["a", "b"], ["s"], ("hi", "ho"))


def test_a_value_may_be_typed_as_on_the_command_line() -> None:
    inputs = read(
        vector="[1, 2, 3]", tabular=json.dumps({"age": "3"}), words="a b", text=Upload(b"a cat\n", ".txt")
    ).inputs
    assert inputs["vector"].tolist() == [1, 2, 3] and inputs["tabular"] == {"age": "3"}
    assert inputs["words"] == ["a", "b"] and inputs["text"] == "a cat"


def test_what_training_has_kept_of_a_file_is_found_by_its_hash() -> None:
    sample = read(image=png(), text="a")
    assert len(sample.files["image"]) == 64 and set(sample.files) == {"image"}


@pytest.mark.parametrize(
    ("values", "status", "says"),
    [
        ({"image": Upload(b"broken")}, 422, "image must be an image that decodes, got no JPEG"),
        ({"image": Upload(b"")}, 422, "image must be a file with content, got 0 bytes"),
        ({"image": [png(), png()]}, 422, "image must be one file, got 2"),
        ({"audio": Upload(b"broken", ".wav")}, 422, "audio must be audio that decodes"),
        ({"video": [png(), png(size=(6, 6))]}, 422, "video must have frames of one size, got 2 sizes"),
        ({"text": 3}, 422, "text must be text or a list of texts, got 3"),
        ({"text": Upload(b"\xff", ".txt")}, 422, "text must be readable as UTF-8"),
        ({"vector": ["a"]}, 422, "vector must be finite numbers, got 'a'"),
        ({"vector": [1e99]}, 422, "vector must be finite numbers, got 1e"),
        ({"vector": "/etc/passwd"}, 422, "vector must be a list of numbers, got '/etc/passwd'"),
        ({"tabular": "a"}, 422, "tabular must be columns with their values, such as {\"age\": 3}, got 'a'"),
        (
            {"tabular": {"age": "old"}},
            422,
            "column 'age' must be a finite number, as most of its cells are, got 'old'.",
        ),
        ({"tabular": {"age": [1]}}, 422, "tabular column 'age' must be a finite number or a text, got [1]"),
        ({"tabular": {}}, 422, "tabular must have a value, got an empty one"),
        ({"tabular": [1]}, 422, "tabular column 'tabular' must be a finite number or a text, got [1]"),
        ({"symbols": [[]]}, 422, "symbols must be a symbol or a list of them"),
    ],
)
def test_what_cannot_be_read_is_refused_without_a_path_of_the_server(
    values: dict[str, Any], status: int, says: str
) -> None:
    with pytest.raises(Refusal) as caught:
        read(**values)
    assert caught.value.status == status and says in str(caught.value)
    assert "request-" not in str(caught.value) and "Set " not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "code", "says"),
    [
        ({"image": png()}, "too_many_pixels", "image must have at most 19 pixels, got 5x4"),
        ({"video": [png()]}, "too_many_pixels", "video must have at most 19 pixels, got 5x4"),
        ({"clip": wav(2.5)}, "too_long", "clip must last at most 2 s, got 2.5 s"),
        ({"text": "a b c"}, "too_many_words", "text must have at most 2 words, got 3"),
        ({"history": ["a b", "c"]}, "too_many_words", "history must have at most 2 words, got 3"),
    ],
)
def test_what_is_too_large_is_refused(values: dict[str, Any], code: str, says: str) -> None:
    with pytest.raises(Refusal, match=says) as caught:
        reader(pixels=19, seconds=2, words=2).read(Payload("a", values))
    assert (caught.value.status, caught.value.code) == (413, code)


def test_nothing_but_an_upload_is_found(tmp_path: Path) -> None:
    folder = Uploads(tmp_path)
    (tmp_path / "other.png").write_bytes(b"secret")
    for value in ("other.png", str(tmp_path / "other.png"), "/etc/passwd", "", 3, None):
        with pytest.raises(ValueError, match="must be a file that came with the request, got another path"):
            folder.locate(value)


def test_files_are_gone_once_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    read(image=png())
    with pytest.raises(Refusal):
        read(image=Upload(b"broken"))
    assert list(tmp_path.iterdir()) == []


def test_inputs_are_described_as_a_form_shows_them() -> None:
    found = {one.name: one for one in reader().inputs()}
    assert {name: one.form for name, one in found.items()} == {
        "image": "file", "audio": "file", "video": "file", "clip": "file", "text": "text", "history": "text",
        "words": "text", "vector": "json", "tabular": "json", "symbols": "json",
    }  # fmt: skip
    assert (found["clip"].kind, found["vector"].width) == ("audio", 3) and ".png" in found["image"].suffixes
    assert found["tabular"].columns == [{"name": "age"}, {"name": "kind", "values": ["x", "y"]}]
