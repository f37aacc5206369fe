"""A request that is refused: a status of HTTP, a code for programs, a message for people."""

from __future__ import annotations


class Refusal(Exception):
    """Refuse a request; whoever handles it turns this into the answer.

    Args:
        status: Of HTTP, 4xx or 5xx.
        code: Short and stable, such as ``body_too_large``.
        message: What must be, and what was given.
        retry_after: Seconds after which it may be tried again; None if that does not help.
    """

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.retry_after = status, code, retry_after
