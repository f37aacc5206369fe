"""The page at ``/``: one text for every server. It asks for the runs itself, and shows what they say as text only."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources

from mmexp.analysis.report.html import Html, tag


@cache
def page() -> str:
    """Return the page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("link", rel="icon", href="data:,"),
        tag("title", "mmexp serve"),
        tag("style", Html(_file("page.css"))),
    )
    secret = tag("input", id="token", type="password", autocomplete="off", spellcheck="false")
    login = tag(
        "form",
        tag("label", "Token", for_="token"),
        secret,
        tag("button", "Use", type="submit"),
        id="login",
        hidden=True,
    )
    choice = tag("p", tag("label", "Run", for_="run"), tag("select", id="run"), id="choice", hidden=True)
    main = tag(
        "main",
        tag("h1", "mmexp"),
        tag("p", id="about", class_="dim"),
        login,
        choice,
        tag("form", id="inputs"),
        tag("section", id="answer", aria_live="polite"),
        tag("noscript", tag("p", "This page needs JavaScript; programs use /openapi.json.")),
    )
    body = tag("body", main, tag("script", Html(_file("page.js"))))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


@cache
def policy() -> str:
    """Return its Content-Security-Policy: this style sheet and script by their hashes, requests to this server."""
    style, script = (_hash(_file(name)) for name in ("page.css", "page.js"))
    allowed = f"style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data: blob:; media-src data: blob:"
    refused = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return f"default-src 'none'; {allowed}; connect-src 'self'; {refused}"


@cache
def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
