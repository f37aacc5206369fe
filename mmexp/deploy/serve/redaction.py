"""What says whom a request is of, taken out of it by the rules of ``mmexp anonymize``, before anything reads it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mmexp.dataset.kind.image import ImageKind
from mmexp.deploy.serve.exchange import Input, Payload, Upload
from mmexp.deploy.serve.header import refuse_many_pixels
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.refusal import Refusal

_CHARACTERS = 200_000  # of one text: 20,000 words of ten letters, looked through within a second


class Redaction:
    """Redact the texts and images of requests; rows of tables, numbers and recordings are as they came.

    Args:
        inputs: Of the run.
        limits: Of an image, which is decoded here, and of a text.
    """

    def __init__(self, inputs: Sequence[Input], limits: Limits) -> None:
        self.inputs, self.limits = {one.name: one for one in inputs}, limits

    def __call__(self, payload: Payload) -> Payload:
        """Return a request without e-mail addresses, phone numbers, names, numbers in its texts, or metadata of images.

        Raises:
            Refusal: If an image cannot be read, or is too large to be.
        """
        found: Mapping[str, Any] = {name: self._value(name, value) for name, value in payload.values.items()}
        return replace(payload, values=found)

    def _value(self, name: str, value: Any) -> Any:
        own = self.inputs[name]
        if isinstance(value, Upload):
            return self._file(own, value)
        if isinstance(value, list):
            return [self._value(name, one) for one in value]
        if isinstance(value, Mapping) and own.form == "text":
            return {key: self._value(name, one) for key, one in value.items()}
        return self._text(own, value) if isinstance(value, str) and own.form == "text" else value

    def _text(self, own: Input, text: str) -> str:
        if len(text) > _CHARACTERS:
            rule = f"{own.name} must have at most {_CHARACTERS} characters"
            raise Refusal(413, "too_many_characters", f"{rule}, got {len(text)}.")
        return _masked(text)

    def _text_file(self, own: Input, content: bytes) -> bytes:
        """Return a text file masked; one that is no UTF-8 as it is: whoever reads it refuses it."""
        try:
            return self._text(own, content.decode("utf-8-sig")).encode()
        except UnicodeDecodeError:
            return content

    def _file(self, own: Input, upload: Upload) -> Upload:
        if own.form == "text":
            return replace(upload, content=self._text_file(own, upload.content))
        if not _holds_images(own):
            return upload
        refuse_many_pixels(own.name, io.BytesIO(upload.content), self.limits)
        return replace(upload, content=_cleaned(own.name, upload.content))


def redacted_message(message: str) -> str:
    """Return a message with what it may repeat of a request masked, numbers included."""
    return _masked(message)


def _holds_images(own: Input) -> bool:
    return own.kind == "video" or bool(set(own.suffixes) & set(ImageKind.suffixes))


def _cleaned(name: str, content: bytes) -> bytes:
    from mmexp.study.anonymize.image import cleaned

    try:
        return cleaned(content)[0]
    except Exception:  # whatever a broken file makes a decoder raise
        raise Refusal(
            422, "invalid_input", f"{name} must be an image, got a file that cannot be read as one."
        ) from None


def _masked(text: str) -> str:
    from mmexp.study.anonymize.text import mask

    return mask(text)[0]
