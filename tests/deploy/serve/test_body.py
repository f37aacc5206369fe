from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from mmexp.deploy.serve.body import read_body, suffix_of
from mmexp.deploy.serve.exchange import Upload
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.refusal import Refusal

JSON = {"content-type": "application/json"}
PATH = "/v1/pets/predict"


def refused(answer: Any, status: int, code: str, says: str) -> None:
    found = answer.json()["error"]
    assert (answer.status_code, found["code"]) == (status, code), found
    assert says in found["message"] and "Traceback" not in answer.text


def test_json_and_a_form_give_the_worker_the_same(make: Callable[..., Any]) -> None:
    served = make()
    row = {"age": 3, "kind": "x"}
    packed = {"base64": base64.b64encode(b"png").decode(), "name": "A.PNG"}
    assert served.ask(id="a", image=packed, text="hi", tabular=row).status_code == 200
    form = {"id": "a", "text": "hi", "tabular": json.dumps(row)}
    assert served.client.post(PATH, data=form, files={"image": ("x/../A.png", b"png")}).status_code == 200
    (one,), (other,) = served.workers[0].seen
    assert one.id == other.id == "a"
    assert one.values == {"image": Upload(b"png", ".png"), "text": "hi", "tabular": row}
    assert other.values == {**one.values, "tabular": json.dumps(row)}


@pytest.mark.parametrize("value", ["/etc/passwd", "http://127.0.0.1/a.png", "file:///etc/passwd", 3, ["a.png"], {}])
def test_a_path_or_an_address_is_never_followed(make: Callable[..., Any], value: Any) -> None:
    refused(make().ask(image=value), 422, "not_a_file", "image must be a file, as a part of a form or as")


def test_a_text_may_be_a_path_and_stays_a_text(make: Callable[..., Any]) -> None:
    served = make()
    assert served.ask(text="/etc/passwd").status_code == 200
    assert served.workers[0].seen[0][0].values == {"text": "/etc/passwd"}


@pytest.mark.parametrize(
    ("body", "status", "code", "says"),
    [
        (b"", 400, "json", "body must be JSON"),
        (b"{", 400, "json", "body must be JSON"),
        (b"\xff\xfe", 400, "json", "body must be JSON"),
        (b"[" * 100_000, 400, "json", "body must be JSON"),
        (b'{"text": NaN}', 400, "json", "got: NaN, which JSON does not have"),
        (b'{"text": "\\ud800"}', 400, "json", "surrogates not allowed"),
        (b"[1]", 422, "json_object", "must be an object of inputs, got [1]"),
        (b"{}", 422, "no_input", "must have one of the inputs image, text, tabular, vector, got none"),
        (b'{"text": ""}', 422, "no_input", "got none"),
        (b'{"txt": "a"}', 422, "unknown_input", "got 'txt'. Did you mean 'text'?"),
        (b'{"id": 3, "text": "a"}', 422, "id", "id must be a text of 1 to 128 characters, got 3"),
        (b'{"image": {"base64": "%"}}', 422, "base64", "image: base64 must be a text in base64"),
        (b'{"image": {"base64": 3}}', 422, "base64", "image: base64 must be a text in base64"),
        (b'{"vector": {"base64": "aGk="}}', 422, "no_file_here", "vector must be json, got 1 files"),
    ],
)
def test_what_is_no_request_is_refused(
    make: Callable[..., Any], body: bytes, status: int, code: str, says: str
) -> None:
    refused(make().client.post(PATH, content=body, headers=JSON), status, code, says)


def test_a_body_that_is_no_form_is_refused(make: Callable[..., Any]) -> None:
    client = make(parts=3).client
    head = {"content-type": "multipart/form-data; boundary=x"}
    refused(client.post(PATH, content=b"--y\r\n", headers=head), 400, "form", "body must be a form")
    refused(client.post(PATH, content=b"x", headers={"content-type": "multipart/form-data"}), 400, "form", "boundary")
    many = {f"f{i}": ("a", b"x") for i in range(4)}
    refused(client.post(PATH, files=many), 400, "form", "Too many files")
    refused(
        client.post(PATH, data={"text": ["a", "b"]}, files={"image": b"x"}), 422, "twice", "text must be given once"
    )


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_other_types_are_refused(make: Callable[..., Any], kind: str) -> None:
    answer = make().client.post(PATH, content=b"{}", headers={"content-type": kind})
    refused(answer, 415, "content_type", f"must be application/json or multipart/form-data, got {kind!r}")


def test_a_packed_body_is_refused_unopened(make: Callable[..., Any]) -> None:
    answer = make().client.post(PATH, content=b"\x1f\x8b", headers={**JSON, "content-encoding": "gzip"})
    refused(answer, 415, "encoding", "Content-Encoding must be identity, got 'gzip'")


def test_a_body_that_says_to_be_large_is_refused_unread(make: Callable[..., Any]) -> None:
    answer = make(body=1000).client.post(PATH, content=b" " * 1001, headers=JSON)
    refused(answer, 413, "body_too_large", "body must have at most 1000 bytes, got 1001")
    assert answer.headers["connection"] == "close"


def received(messages: Iterable[dict[str, Any]], **limits: Any) -> bytes:
    """The body that comes in these messages, and then no more, without a length."""
    rest = iter(messages)

    async def receive() -> dict[str, Any]:
        for message in rest:
            return message
        await asyncio.sleep(20)
        return {"type": "http.disconnect"}

    request = Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)
    return asyncio.run(read_body(request, Limits(**limits)))


def part(size: int, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": b" " * size, "more_body": more}


def test_a_body_that_says_nothing_is_read_no_further_than_it_may_be() -> None:
    sent: list[int] = []
    endless = (part(400) for _ in iter(lambda: sent.append(1), 1))
    with pytest.raises(Refusal, match="body must have at most 1000 bytes, got 1200 and more") as caught:
        received(endless, body=1000)
    assert caught.value.status == 413 and len(sent) == 3
    assert received([part(600), part(400, more=False)], body=1000) == b" " * 1000


def test_a_body_that_comes_too_slowly_or_not_whole_is_refused() -> None:
    with pytest.raises(Refusal, match=r"request must arrive within 0\.05 s, got 7 bytes until then") as slow:
        received([part(7)], receive=0.05)
    with pytest.raises(Refusal, match="body must arrive whole, got 7 bytes of it") as broken:
        received([part(7), {"type": "http.disconnect"}])
    assert (slow.value.status, broken.value.status) == (408, 400)


@pytest.mark.parametrize(
    ("title", "suffix"), [("a.PNG", ".png"), ("a", ""), ("../a.p/g", ""), ("a.<b>", ""), (".", "")]
)
def test_of_a_file_name_only_a_plain_suffix_is_kept(title: str, suffix: str) -> None:
    assert suffix_of(title) == suffix


def test_bodies_have_a_limit_together(make: Callable[..., Any]) -> None:
    client = make(body=1000, pending=999).client

    def chunks() -> Iterator[bytes]:
        yield b'{"text": "a"}'

    answer = client.post(PATH, content=chunks(), headers=JSON)  # which may become as large as a body can be
    refused(answer, 503, "busy", "bodies must have at most 999 bytes together, got 1000 more")
    assert answer.headers["retry-after"] == "1"
    assert [client.post(PATH, json={"text": "a"}).status_code for _ in range(3)] == [200] * 3


KINDS = ["", "application/json", "multipart/form-data", "multipart/form-data; boundary=x", "text/plain"]
NOISE = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=80).map(
        lambda noise: b'--x\r\nContent-Disposition: form-data; name="' + noise + b'"\r\n\r\na\r\n--x--'
    ),
    st.recursive(
        st.none() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    ).map(lambda value: json.dumps(value).encode()),
)


def test_whatever_is_sent_is_answered_with_a_code(make: Callable[..., Any]) -> None:
    served = make()

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(NOISE, st.sampled_from(KINDS), st.sampled_from(["POST", "POST", "PUT", "GET", "DELETE"]))
    def ask(body: bytes, kind: str, method: str) -> None:
        answer = served.client.request(method, PATH, content=body, headers={"content-type": kind})
        assert 400 <= answer.status_code < 500 and answer.json()["error"]["code"] != "internal"

    ask()
    assert served.ask(text="a").status_code == 200 and sum(map(len, served.workers[0].seen)) == 1
