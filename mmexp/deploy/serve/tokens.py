"""Who may predict, read metrics, or steer: a file keeps the hashes of tokens, and is read anew when it changes."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from mmexp.deploy.serve.refusal import Refusal
from mmexp.error import ConfigError, MmexpError, nearest
from mmexp.run.command import line
from mmexp.run.jsonfile import dumps, read_json

Role = Literal["predict", "metrics", "admin"]
ROLES: Sequence[str] = get_args(Role)
_BYTES = 32  # of chance in a token: nothing that could be guessed, so that a fast hash does
_HEAD = "mmexp"


@dataclass(frozen=True)
class Token:
    """What is known of a token.

    Args:
        id: By which it is named in the audit log and taken out of the file.
        role: What it allows; ``admin`` allows everything.
        sha256: Its hash.
    """

    id: str
    role: str
    sha256: str

    def allows(self, role: Role) -> bool:
        """Whether it allows what needs a role."""
        return self.role in (role, "admin")


class Tokens:
    """The tokens of a file, as it stands now.

    Args:
        path: Of the file.

    Raises:
        ConfigError: If it is not there, or holds anything else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: object = None
        self._known: list[Token] = []
        self._read()

    def check(self, header: str | None, role: Role) -> Token:
        """Return the token of a request.

        Args:
            header: ``Authorization``, as it came.
            role: What the request needs.

        Raises:
            Refusal: If it has none that is known, or one of another role.
        """
        self._read_if_changed()
        scheme, _, given = (header or "").partition(" ")
        digest = hashlib.sha256(given.strip().encode()).hexdigest()
        matches = [one for one in self._known if hmac.compare_digest(one.sha256, digest)]  # all, so in constant time
        if not matches or scheme.lower() != "bearer":
            raise Refusal(401, "unauthorized", "Authorization must be 'Bearer' and a token that is known, got another.")
        if not matches[0].allows(role):
            raise Refusal(403, "forbidden", f"token must have the role {role} or admin, got {matches[0].role}.")
        return matches[0]

    def _read_if_changed(self) -> None:
        """Read the file anew if it has changed; while it is broken or gone, what it last held counts."""
        try:
            if self._stamp_now() != self._stamp:
                self._read()
        except (OSError, MmexpError):
            return

    def _stamp_now(self) -> object:
        found = os.stat(self.path)
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> None:
        try:
            stamp, rows = self._stamp_now(), read_json(self.path).get("tokens")
            known = [Token(str(one["id"]), str(one["role"]), _hash(one["sha256"])) for one in rows or ()]
        except (OSError, KeyError, TypeError, ValueError, MmexpError) as fault:
            new = line("serve", "--new-token=predict", "--tokens", str(self.path))
            hint = "Move it away, and make new tokens." if self.path.exists() else f"Run: {new}"
            raise ConfigError(f"serve: --tokens must be a file of tokens, got {self.path} ({fault}).", hint) from None
        self._stamp, self._known = stamp, known


def add_token(path: Path, role: str) -> str:
    """Add a token to a file, which is made if there is none, and return it; it is never shown again.

    Raises:
        ConfigError: If there is no such role, or the file holds anything else.
    """
    if role not in ROLES:
        raise ConfigError(
            f"serve: role of a new token must be {', '.join(ROLES)}, got {role!r}. {nearest(role, ROLES)}"
        )
    rows: list[Any] = []
    if path.exists():
        Tokens(path)
        rows = list(read_json(path)["tokens"])
    token = f"{_HEAD}_{secrets.token_urlsafe(_BYTES)}"
    made = datetime.now(UTC).isoformat(timespec="seconds")
    one = {"id": secrets.token_hex(4), "role": role, "sha256": hashlib.sha256(token.encode()).hexdigest(), "made": made}
    _write_private(path, dumps({"tokens": [*rows, one]}))
    return token


def _hash(value: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", value):
        raise ValueError(f"sha256 must be 64 hex digits, got {len(value)} characters")
    return value


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, complete or not at all."""
    temp = path.with_name(f".tmp-{path.name}-{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temp, path)
    except OSError as fault:
        rule = "--tokens must be a file that can be written"
        raise ConfigError(f"serve: {rule}, got {path} ({fault.strerror}).") from None
    finally:
        temp.unlink(missing_ok=True)
