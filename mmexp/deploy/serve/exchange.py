"""What crosses the pipe between the front and a worker: plain values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Form = Literal["file", "text", "json"]
Want = Literal["predict", "contribution", "explain"]
"""What a run is asked for: its answer, what each modality adds to the score of it, or what each part of them does."""


@dataclass(frozen=True)
class Upload:
    """A file that came with a request.

    Args:
        content: Its bytes.
        suffix: Of the name that it came with, such as ``.png``; empty if it had none.
    """

    content: bytes
    suffix: str = ""


@dataclass(frozen=True)
class Payload:
    """What one request asks a run.

    Args:
        id: Of the sample.
        values: By input: an ``Upload``, a list of them, or what JSON can say.
        want: What it asks for.
        method: Of an explanation.
    """

    id: str
    values: Mapping[str, Any]
    want: Want = "predict"
    method: str = ""

    @property
    def sizes(self) -> dict[str, int]:
        """Size of each input: bytes of files, characters of anything else."""
        return {name: _size(value) for name, value in self.values.items()}


@dataclass(frozen=True)
class Answer:
    """What became of one request.

    Args:
        status: Of HTTP.
        body: The prediction, or an error with ``code`` and ``message``.
        statistics: Numbers that describe the inputs, such as ``text.words``, for /metrics.
        batch: Size of the batch that it was predicted in.
    """

    status: int
    body: Mapping[str, Any]
    statistics: Mapping[str, float] = field(default_factory=dict)
    batch: int = 1


@dataclass(frozen=True)
class Input:
    """One input of a run, as a form or an OpenAPI document shows it.

    Args:
        name: Of the modality.
        kind: Of its data.
        form: Whether it comes as a file, a text, or as JSON.
        suffixes: Of its files.
        columns: Of a row of a table: ``name``, and its ``values`` if it holds categories.
        width: Numbers of one vector; None of anything else.
    """

    name: str
    kind: str
    form: Form
    suffixes: Sequence[str] = ()
    columns: Sequence[Mapping[str, Any]] = ()
    width: int | None = None


@dataclass(frozen=True)
class Description:
    """What a run takes and where it comes from.

    Args:
        run: Its id.
        task: Class of its task.
        inputs: What it encodes.
        epsilon: What its training cost in privacy; None if it was not private.
        reference: Predictions of its own evaluation, which later ones are compared with: ``classes`` and ``scores``.
        methods: By which its answers can be explained; empty if they cannot, or captum is not installed.
        scored: Whether its answers have a score that modalities contribute to.
    """

    run: str
    task: str
    inputs: Sequence[Input]
    epsilon: float | None = None
    reference: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    methods: Sequence[str] = ()
    scored: bool = False

    def input(self, name: str) -> Input | None:
        """Return an input by its name; None if there is none."""
        return next((one for one in self.inputs if one.name == name), None)


def error(code: str, message: str) -> dict[str, Any]:
    """Return the body of an answer that is no prediction."""
    return {"error": {"code": code, "message": message}}


def _size(value: Any) -> int:
    if isinstance(value, Upload):
        return len(value.content)
    if isinstance(value, list) and any(isinstance(one, Upload) for one in value):
        return sum(map(_size, value))
    return len(str(value))
