"""The share of each client: how many of its requests may be without an answer at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from mmexp.deploy.serve.refusal import Refusal


class Share:
    """Count the requests of each client that have no answer yet, and refuse those over a limit.

    A server that is full answers 503, as every client has to wait; a client that is over its share answers for that
    itself: 429, while the others are served (RFC 6585, section 4).

    Args:
        most: Requests of one client at once; None for any number.
    """

    def __init__(self, most: int | None) -> None:
        self.most = most
        self._open: Counter[str] = Counter()

    @contextmanager
    def one(self, client: str) -> Iterator[None]:
        """Count one request of a client within the block.

        Args:
            client: Its token, or else its address.

        Raises:
            Refusal: If it has as many as it may have already.
        """
        if self.most is not None and self._open[client] >= self.most:
            rule = f"client must have at most {self.most} requests without an answer"
            raise Refusal(429, "too_many_requests", f"{rule}, got one more.", retry_after=1)
        self._open[client] += 1
        try:
            yield
        finally:
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]
