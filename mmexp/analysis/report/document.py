"""A page that needs no other file: its head, with the policy that forbids everything but its own style and script."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

from mmexp.analysis.report.html import Html, tag


def document(title: str, *body: Html, rules: str = "") -> str:
    """Return a page as one text.

    Args:
        title: Of the window.
        body: Elements of the page.
        rules: CSS after that of all pages.
    """
    style, script = (resources.files(__package__).joinpath(name).read_text("utf-8") for name in ("page.css", "page.js"))
    style += rules
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", Html(style)),
    )
    page = tag("html", head, tag("body", *body, tag("script", Html(script))), lang="en")
    return f"<!doctype html>\n{page}\n"


def _policy(style: str, script: str) -> str:
    """Allow this style sheet and this script by their hashes, images and audio within the page, and nothing else."""
    hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in (style, script)]
    allowed = f"style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; img-src data:; media-src data:"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
