"""How much one request, and all of them together, may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of the server.

    Args:
        body: Bytes of a request's body.
        pending: Bytes of all bodies that are read or wait at once.
        parts: Parts of a multipart body, and values of one input that come as files.
        pixels: Of one image, by its header, before it is decoded.
        seconds: Of one recording, likewise.
        words: Of one input of text.
        receive: Seconds in which a whole request must arrive.
        answer: Seconds from a request's arrival to its answer.
        explain: Seconds that a worker spends on one explanation.
        queue: Requests that wait at once.
        explanations: Of them, those for an explanation or a contribution.
        share: Requests of one client that are without an answer at once; None for any number.
        batch: Requests that are predicted at once.
        wait: Seconds that a request waits for others to fill its batch.
    """

    body: int = 32 * 2**20
    pending: int = 256 * 2**20
    parts: int = 64
    pixels: int = 25_000_000
    seconds: float = 600.0
    words: int = 20_000
    receive: float = 15.0
    answer: float = 30.0
    explain: float = 10.0
    queue: int = 64
    explanations: int = 8
    share: int | None = None
    batch: int = 8
    wait: float = 0.002
