"""What happens to a row that cannot be used."""

from __future__ import annotations

from mmexp.error import ConfigError, DataError

LIMITS = {"raise": 0.0, "skip": 1.0}


def read_limit(on_error: str | float) -> float:
    """Give the largest share of rows that may be skipped.

    Raises:
        ConfigError: If on_error is not raise, skip or a share in (0, 1).
    """
    if isinstance(on_error, str) and on_error in LIMITS:
        return LIMITS[on_error]
    if isinstance(on_error, float) and 0 < on_error < 1:
        return on_error
    raise ConfigError(f"dataset.on_error must be raise, skip or a share between 0 and 1, got {on_error!r}.")


class ErrorPolicy:
    """Skips faulty rows up to a share of all, then refuses the data.

    Attributes:
        skipped: One row ``{"id", "path", "reason"}`` for each that was left out.

    Args:
        limit: Largest share that may be skipped, in [0, 1].
        rows: Rows there are.
    """

    def __init__(self, limit: float, rows: int) -> None:
        self.limit, self.rows = limit, rows
        self.skipped: list[dict[str, str]] = []

    def refuse(self, reason: str, *, sample: str, path: str, where: str, cure: str = "Fix it") -> None:
        """Leave a row out.

        Args:
            reason: What is wrong with it.
            sample: Its id.
            path: File to blame, as the manifest gives it; the manifest itself if no other.
            where: Manifest and line.
            cure: What can be done about it, other than leaving it out.

        Raises:
            DataError: If that is more than may be left out.
        """
        self.skipped.append({"id": sample, "path": path, "reason": reason})
        if len(self.skipped) <= self.limit * self.rows:
            return
        if self.limit:
            reason = f"at most {self.limit:.3g} of {self.rows} rows may be skipped, one more is bad: {reason}"
        hint = f"{cure}, or set dataset.on_error=skip to leave such rows out."
        raise DataError(reason, sample=sample, path=where, hint=hint)
