from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from mmexp.deploy.serve.exchange import Answer, Input, Payload, Upload
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.redaction import Redaction, redacted_message
from mmexp.deploy.serve.refusal import Refusal
from mmexp.deploy.serve.served import ServedRun

EMAIL, PHONE = "anna.smith@example.org", "+49 170 1234567"
SECRET = f"write to {EMAIL} or call {PHONE}"
INPUTS = [
    Input("image", "image", "file", (".png", ".jpg")),
    Input("frames", "video", "file", ()),
    Input("text", "text", "text", (".txt",)),
    Input("audio", "audio", "file", (".wav",)),
    Input("row", "tabular", "json", (), ({"name": "code"},)),
]


def photo() -> bytes:
    """A JPEG whose EXIF says where it was taken and by whom."""
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = EMAIL
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 8.0, 14.0)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def gps(content: bytes) -> dict[int, Any]:
    with Image.open(io.BytesIO(content)) as image:
        return dict(image.getexif().get_ifd(ExifTags.IFD.GPSInfo))


def redact(**values: Any) -> Any:
    return Redaction(INPUTS, Limits(pixels=10_000))(Payload("a", values)).values


def test_texts_are_masked_wherever_they_stand_and_rows_of_tables_are_as_they_were() -> None:
    found = redact(text=[SECRET, {"turn": SECRET}], row={"code": "type-12"})
    assert found["text"] == ["write to [email] or call [phone]", {"turn": "write to [email] or call [phone]"}]
    assert found["row"] == {"code": "type-12"}
    assert redact(text=Upload(SECRET.encode(), ".txt"))["text"].content == b"write to [email] or call [phone]"


def test_an_image_loses_its_metadata_and_no_pixel_and_so_do_frames() -> None:
    content = photo()
    assert gps(content) and EMAIL.encode() in content
    found = redact(image=Upload(content, ".jpg"), frames=[Upload(content), Upload(content)])
    for one in (found["image"], *found["frames"]):
        assert not gps(one.content) and EMAIL.encode() not in one.content
        with Image.open(io.BytesIO(one.content)) as after, Image.open(io.BytesIO(content)) as before:
            assert np.array_equal(np.asarray(after), np.asarray(before))


def test_recordings_and_files_that_are_no_text_are_left_to_whoever_reads_them() -> None:
    assert redact(audio=Upload(b"RIFF"))["audio"].content == b"RIFF"
    assert redact(text=Upload(b"\xff\xfe", ".txt"))["text"].content == b"\xff\xfe"


@pytest.mark.parametrize("content", [b"", b"broken", b"\x89PNG\r\n\x1a\n\0\0", b"%!PS-Adobe-3.0 EPSF-3.0"])
def test_an_image_that_cannot_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(Refusal, match="image must be an image, got a file that cannot be read as one") as e:
        redact(image=Upload(content, ".png"))
    assert e.value.status == 422


def test_an_image_of_too_many_pixels_and_a_text_of_too_many_characters_are_refused_first() -> None:
    buffer = io.BytesIO()
    Image.new("L", (101, 100)).save(buffer, "GIF")
    with pytest.raises(Refusal, match="image must have at most 10000 pixels, got 101x100"):
        redact(image=Upload(buffer.getvalue(), ".gif"))
    with pytest.raises(Refusal, match="text must have at most 200000 characters, got 200001"):
        redact(text="a" * 200_001)


def test_a_message_repeats_nothing_that_is_masked() -> None:
    assert (
        redacted_message(f"input must be one that there is, got {EMAIL}.")
        == "input must be one that there is, got [email]."
    )


@pytest.fixture(scope="module")
def served(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedRun]:
    run = make_lab(tmp_path_factory.mktemp("redacted")).train("training.epochs=1")
    yield ServedRun.load(str(run.path), (), Limits(), redact=True)


def test_the_model_sees_what_is_left(served: ServedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where an explanation is asked for, which answers with the words that it was given."""
    seen: list[Any] = []
    own = served._predict

    def predict(samples: Sequence[Any]) -> Any:
        seen.extend(one.inputs["text"] for one in samples)
        return own(samples)

    monkeypatch.setattr(served, "_predict", predict)
    values = {"text": SECRET, "image": Upload(photo(), ".jpg")}
    assert served.answer([Payload("a", values)])[0].status == 200 and seen == ["write to [email] or call [phone]"]
    for want in ("contribution", "explain"):
        (answer,) = served.answer([Payload("a", values, want, "occlusion")])
        assert answer.status == 200 and "anna" not in str(answer.body) and "1234567" not in str(answer.body)


def test_neither_log_nor_metrics_nor_answers_repeat_an_address_a_number_or_a_place(
    make: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Sent as id, as name of an input, as run, as value of a wrong form, and where the server itself fails."""

    def act(payloads: Sequence[Payload]) -> list[Answer]:
        if "fail" in str(payloads[0].values):
            raise ValueError(f"could not convert {EMAIL}")
        return [Answer(422, {"error": {"code": "invalid_input", "message": f"text got {SECRET}"}}) for _ in payloads]

    served = make(act, redact=True)
    client, upload = served.client, {"image": ("a.jpg", photo(), "image/jpeg")}
    answers = [served.ask(id=EMAIL, text=SECRET), served.ask(text="fail"), served.ask(**{EMAIL: "a"})]
    answers += [served.ask(image=SECRET), served.ask(id={"a": EMAIL}, text="a"), served.ask(**{EMAIL: {"base64": "!"}})]
    answers += [client.post("/v1/pets/predict", files=upload, data={"id": EMAIL, "text": SECRET})]
    answers += [client.post(f"/v1/{EMAIL}/predict", json={"text": "a"})]
    answers += [client.post("/v1/pets/explain", params={"method": EMAIL}, json={"text": "a"})]
    assert [one.status_code for one in answers] == [422, 500, 422, 422, 422, 422, 422, 404, 422]
    written = [one.text for one in answers] + [served.audit.read_text(), client.get("/metrics").text, caplog.text]
    for one in written:
        assert not any(secret in one for secret in (EMAIL, "anna", "1234567", "GPS"))
    assert "ValueError" not in written[1] and "[email]" in answers[2].text


def test_the_id_of_a_request_is_the_servers_own(make: Callable[..., Any]) -> None:
    answer = make(redact=True).ask(id=EMAIL, text="a")
    assert answer.json()["id"] == answer.headers["x-request-id"]
