"""The OpenAPI document of a server, written from the inputs of its runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmexp import __version__
from mmexp.deploy.serve.exchange import Description, Input

Schema = dict[str, Any]
_ERRORS = {
    "400": "The body is broken or incomplete.",
    "401": "A token is lacking or not known.",
    "403": "The token has another role.",
    "404": "There is no such run.",
    "405": "There is no such method here.",
    "408": "The request did not arrive in time.",
    "413": "Something is too large.",
    "415": "Content-Type or Content-Encoding is another.",
    "421": "Host is another.",
    "422": "An input cannot be read.",
    "429": "This client has too many requests without an answer; Retry-After says when to come back.",
    "500": "The model has failed.",
    "503": "Too many wait, or the server stops; Retry-After says when to come back.",
    "504": "There was no answer in time.",
}


def openapi(descriptions: Mapping[str, Description], tokens: bool) -> Schema:
    """Return the document.

    Args:
        descriptions: Of the runs, by name.
        tokens: Whether requests need a token.
    """
    paths: Schema = {}
    for name, one in descriptions.items():
        wants = {"predict": True, "contribution": one.scored, "explain": bool(one.methods)}
        paths |= {f"/v1/{name}/{want}": {"post": _asked(name, one, want)} for want, able in wants.items() if able}
    for path, (summary, kind) in _OTHERS.items():
        answers = {"200": {"description": "As it is.", "content": {kind: {"schema": {}}}}}
        answers |= {status: _error(status) for status in ("401", "403", "405", "421", "503")}
        paths[path] = {"get": {"summary": summary, "responses": answers}}
    document: Schema = {
        "openapi": "3.1.0",
        "info": {"title": "mmexp serve", "version": __version__},
        "paths": paths,
        "components": {"schemas": {"Error": _ERROR}},
    }
    if tokens:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document


_OTHERS = {
    "/health": ("Whether the server runs.", "application/json"),
    "/ready": ("Whether it takes requests.", "application/json"),
    "/v1": ("The runs and their inputs.", "application/json"),
    "/metrics": ("Counters for Prometheus.", "text/plain"),
}
_FILE: Schema = {
    "type": "object",
    "properties": {"base64": {"type": "string", "format": "byte", "minLength": 1}, "name": {"type": "string"}},
    "required": ["base64"],
}
_ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            "required": ["code", "message"],
        }
    },
    "required": ["error"],
}


_SUMMARIES = {
    "predict": "Predict with {}.",
    "contribution": "What each modality adds to the score of the answer of {}: Shapley values.",
    "explain": "What each part of the inputs does to the score of the answer of {}.",
}
_ANSWERS: Schema = {
    "predict": {},
    "contribution": {
        "answer": {"type": "string"},
        "score": {"type": ["number", "null"]},
        "contribution": {"type": "object", "additionalProperties": {"type": ["number", "null"]}},
        "without": {"type": ["number", "null"]},
        "absent": {"enum": ["missing", "blank"]},
    },
    "explain": {
        "answer": {"type": "string"},
        "score": {"type": ["number", "null"]},
        "method": {"type": "string"},
        "inputs": {"type": "object", "additionalProperties": {"type": "object"}},
    },
}


def _asked(name: str, one: Description, want: str) -> Schema:
    ids = {"type": "string", "minLength": 1, "maxLength": 128}
    as_json = {"id": ids, **{own.name: _json(own) for own in one.inputs}}
    as_form = {"id": ids, **{own.name: _part(own) for own in one.inputs}}
    answers: Schema = {status: _error(status) for status in _ERRORS}
    said = {"id": ids, **_ANSWERS[want]}
    schema = {"type": "object", "properties": said, "required": list(said)}
    answers["200"] = {"description": "The answer.", "content": {"application/json": {"schema": schema}}}
    method = {"name": "method", "in": "query", "schema": {"enum": list(one.methods)}}
    return {
        "summary": _SUMMARIES[want].format(name),
        "description": f"{one.task}, run {one.run}. Inputs may be left out, but not all of them.",
        "operationId": f"{want}_{name}",
        "parameters": [method] if want == "explain" else [],
        "requestBody": {
            "required": True,
            "content": {"application/json": _object(as_json), "multipart/form-data": _object(as_form)},
        },
        "responses": answers,
    }


def _object(properties: Schema) -> Schema:
    schema = {"type": "object", "properties": properties, "additionalProperties": False, "minProperties": 1}
    return {"schema": schema}


def _error(status: str) -> Schema:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": _ERRORS[status], "content": content}


def _json(one: Input) -> Schema:
    """Return the schema of an input in a JSON body."""
    if one.form == "file":
        return _FILE
    if one.columns:
        return {"type": "object", "properties": {own["name"]: _cell(own) for own in one.columns}}
    if one.width:
        row: Schema = {"type": "array", "items": {"type": "number"}, "minItems": one.width, "maxItems": one.width}
        return {"anyOf": [row, {"type": "array", "items": row, "minItems": 1}]}
    text: Schema = {"type": "string", "minLength": 1}
    return {"anyOf": [text, {"type": "array", "items": text, "minItems": 1}]}


def _cell(column: Mapping[str, Any]) -> Schema:
    """Return the schema of a cell; a category that training never had is allowed."""
    if "values" in column:
        return {"type": "string", "examples": list(column["values"][:20])}
    return {"type": "number"}


def _part(one: Input) -> Schema:
    """Return the schema of an input as a part of a form."""
    return {"type": "string", "format": "binary"} if one.form == "file" else {"type": "string", "minLength": 1}
