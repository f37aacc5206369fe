"""The body of a request: read within its limits, then as JSON or as the parts of a form. Nothing in it is a path."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import os.path
from collections.abc import AsyncGenerator, Mapping
from typing import Any, NoReturn

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from mmexp.deploy.serve.exchange import Description, Payload, Upload
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.refusal import Refusal
from mmexp.error import nearest

_ID = 128  # characters of a sample's id


async def read_body(request: Request, limits: Limits) -> bytes:
    """Return the body of a request, however it says how long it is.

    Raises:
        Refusal: If it is too long, packed, or does not arrive in time or whole.
    """
    headers = request.headers
    if (packed := headers.get("content-encoding", "identity")) != "identity":
        raise Refusal(415, "encoding", f"Content-Encoding must be identity, got {packed[:40]!r}.")
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > limits.body:
        raise _too_large(limits, length)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.receive):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limits.body:
                    raise _too_large(limits, f"{len(body)} and more")
    except TimeoutError:
        rule = f"request must arrive within {limits.receive:g} s"
        raise Refusal(408, "too_slow", f"{rule}, got {len(body)} bytes until then.") from None
    except ClientDisconnect:
        raise Refusal(400, "incomplete", f"body must arrive whole, got {len(body)} bytes of it.") from None
    return bytes(body)


async def read_payload(request: Request, body: bytes, description: Description, limits: Limits, name: str) -> Payload:
    """Return what is to be predicted.

    Args:
        request: For its headers.
        body: Of the request.
        description: Of the run.
        limits: Of the parts.
        name: Id of a sample that brings none.

    Raises:
        Refusal: If it is neither JSON nor a form, is broken, or names an input that the run does not have.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        values = _from_json(body, limits)
    elif kind == "multipart/form-data":
        values = await _from_form(request.headers, body, description, limits)
    else:
        rule = "Content-Type must be application/json or multipart/form-data"
        raise Refusal(415, "content_type", f"{rule}, got {kind[:60]!r}.")
    given = values.pop("id", name)
    if not isinstance(given, str) or not 0 < len(given) <= _ID:
        raise Refusal(422, "id", f"id must be a text of 1 to {_ID} characters, got {_shown(given)}.")
    for one in values:
        if description.input(one) is None:
            known = [known.name for known in description.inputs]
            rule = f"input must be one that the run has, got {_shown(one)}"
            raise Refusal(422, "unknown_input", f"{rule}. {nearest(one[:60], known)}")
    filled = {one: value for one, value in values.items() if value is not None and value != "" and value != []}
    if not filled:
        rule = f"request must have one of the inputs {', '.join(one.name for one in description.inputs)}"
        raise Refusal(422, "no_input", f"{rule}, got none.")
    _refuse_files_elsewhere(filled, description)
    return Payload(given, filled)


def _from_json(body: bytes, limits: Limits) -> dict[str, Any]:
    try:
        found = json.loads(body, parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False).encode()  # half a character pair is no text
    except (ValueError, RecursionError) as fault:
        raise Refusal(400, "json", f"body must be JSON, got: {str(fault)[:120]}.") from None
    if not isinstance(found, dict):
        raise Refusal(422, "json_object", f"body must be an object of inputs, got {_shown(found)}.")
    return {name: _with_uploads(name, value, limits) for name, value in found.items()}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name}, which JSON does not have")


def _with_uploads(name: str, value: Any, limits: Limits) -> Any:
    """Return a value of JSON, with ``{"base64": "..."}`` as the file that it stands for."""
    if isinstance(value, Mapping) and "base64" in value:
        return _decoded(name, value)
    if isinstance(value, list) and any(isinstance(one, Mapping) and "base64" in one for one in value):
        if len(value) > limits.parts:
            raise Refusal(413, "too_many_parts", f"{name} must be at most {limits.parts} files, got {len(value)}.")
        return [_decoded(name, one) for one in value]
    return value


def _decoded(name: str, value: Any) -> Upload:
    text, title = (value.get("base64"), value.get("name", "")) if isinstance(value, Mapping) else (None, "")
    try:
        if not isinstance(text, str) or not isinstance(title, str):
            raise ValueError("no text")
        return Upload(base64.b64decode(text, validate=True), suffix_of(title))
    except (binascii.Error, ValueError) as fault:
        raise Refusal(422, "base64", f"{name[:60]}: base64 must be a text in base64, got: {fault}.") from None


def suffix_of(title: str) -> str:
    """Return the suffix of a file's name, which may be anything: letters and digits after its last dot, or nothing."""
    suffix = os.path.splitext(title)[1].lower()
    return suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= 12 else ""


async def _from_form(headers: Headers, body: bytes, description: Description, limits: Limits) -> dict[str, Any]:
    async def stream() -> AsyncGenerator[bytes]:
        yield body
        yield b""

    sizes = {"max_files": limits.parts, "max_fields": limits.parts}
    parser = MultiPartParser(headers, stream(), **sizes, max_part_size=limits.body)
    parser.spool_max_size = limits.body  # nothing is written to disk
    try:
        form = await parser.parse()
    except (MultiPartException, ValueError, KeyError) as fault:
        raise Refusal(400, "form", f"body must be a form, got: {str(fault)[:120]}") from None
    found: dict[str, list[Any]] = {}
    try:
        for name, value in form.multi_items():
            found.setdefault(name, []).append(await _part(name, value))
    finally:
        await form.close()
    return {name: _one_value(name, values, description) for name, values in found.items()}


async def _part(name: str, value: UploadFile | str) -> Upload | str:
    if isinstance(value, UploadFile):
        return Upload(await value.read(), suffix_of(value.filename or ""))
    return value


def _one_value(name: str, values: list[Any], description: Description) -> Any:
    """Return the value of an input; several files of one name are a list, an empty file is none."""
    values = [one for one in values if not isinstance(one, Upload) or one.content or one.suffix]
    if len(values) < 2:
        return values[0] if values else None
    if not all(isinstance(one, Upload) for one in values):
        raise Refusal(422, "twice", f"{name[:60]} must be given once, got {len(values)} values.")
    return values


def _refuse_files_elsewhere(values: Mapping[str, Any], description: Description) -> None:
    """Make sure that what must be a file came as one: a text in its place is no path, and never opened."""
    for one in description.inputs:
        value = values.get(one.name)
        files = value if isinstance(value, list) else [value]
        uploaded = [isinstance(file, Upload) for file in files]
        if value is not None and one.form == "file" and not all(uploaded):
            rule = f'{one.name} must be a file, as a part of a form or as {{"base64": ...}}'
            raise Refusal(422, "not_a_file", f"{rule}, got {_shown(value)}: paths and addresses are not followed.")
        if any(uploaded) and one.form != "file" and (len(files) > 1 or not one.suffixes):
            raise Refusal(422, "no_file_here", f"{one.name} must be {one.form}, got {len(files)} files.")


def _too_large(limits: Limits, got: str) -> Refusal:
    return Refusal(413, "body_too_large", f"body must have at most {limits.body} bytes, got {got}.")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
