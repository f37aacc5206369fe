"""What was done to a table, as a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

FOUND = """
In texts: e-mail addresses; phone numbers of 7 to 15 digits; names after a title, a greeting or such as 'my name is',
and before honorifics such as 先生, さん, 씨; other numbers of two digits or more.
In images: EXIF, GPS, XMP, IPTC, comments, thumbnails and what stands after the end; the colour profile stays. Files are
renamed.
Not looked for: names by themselves, addresses, nicknames, what a text describes; faces and texts within images, unless
boxes of them are given; voices; metadata of audio and video, which are copied as they are; untouched columns.
"""


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the report, a line each."""
    yield f"{found['rows']} rows in {found['table']}"
    for name, own in found["columns"].items():
        yield f"{name}: " + (", ".join(f"{what} {number}" for what, number in own.items()) or "nothing found")
    if found["guessed"]:
        texts = ", ".join(found["texts"]) or "none"
        yield f"Taken for texts, as they look like prose: {texts}. Name others with --texts."
    yield f"Untouched: {', '.join(found['untouched']) or 'none'}"
    yield f"Salt: {found['salt']}"
    yield from FOUND.strip().splitlines()
