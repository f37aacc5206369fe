from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmexp.deploy.serve.exchange import Description
from mmexp.deploy.serve.openapi import openapi


def schemas(description: Description) -> dict[str, Any]:
    document = openapi({"pets": description}, tokens=False)
    content = document["paths"]["/v1/pets/predict"]["post"]["requestBody"]["content"]
    return {kind: one["schema"]["properties"] for kind, one in content.items()}


def test_each_input_has_the_form_of_its_kind(description: Description) -> None:
    found = schemas(description)
    as_json, as_form = found["application/json"], found["multipart/form-data"]
    assert set(as_json) == set(as_form) == {"id", "image", "text", "tabular", "vector"}
    assert as_json["image"]["required"] == ["base64"] and as_form["image"]["format"] == "binary"
    assert as_json["text"]["anyOf"][0] == {"type": "string", "minLength": 1}
    assert as_json["tabular"]["properties"] == {
        "age": {"type": "number"},
        "kind": {"type": "string", "examples": ["x", "y"]},
    }
    assert as_json["vector"]["anyOf"][0] == {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}


def test_tokens_are_asked_for_where_there_are_some(description: Description) -> None:
    assert "security" not in openapi({"pets": description}, tokens=False)
    assert openapi({"pets": description}, tokens=True)["security"] == [{"token": []}]


def test_each_address_is_one_that_answers(make: Callable[..., Any]) -> None:
    client = make().client
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            answer = client.request(method, path)
            assert str(answer.status_code) in one["responses"] and answer.status_code not in (404, 405), path
            kind = answer.headers["content-type"].partition(";")[0]
            assert kind in one["responses"][str(answer.status_code)]["content"]
