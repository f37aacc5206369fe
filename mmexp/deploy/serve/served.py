"""One run inside a worker: requests in, answers out, one for each, whatever happens."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from mmexp.contract import Sample
from mmexp.deploy.serve.answer import plain
from mmexp.deploy.serve.exchange import Answer, Description, Payload, error
from mmexp.deploy.serve.explainer import Explainer, TooSlow
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.reading import Reader
from mmexp.deploy.serve.redaction import Redaction
from mmexp.deploy.serve.refusal import Refusal
from mmexp.deploy.serve.statistics import statistics
from mmexp.error import ConfigError, DataError, ResourceError
from mmexp.inference.predictor import Predictor, restore
from mmexp.run.folder import RunFolder
from mmexp.run.summary import row

_KEPT = 1000  # predictions of the reference

Predict = Callable[[Sequence[Sample]], Iterator[Mapping[str, Any]]]


class ServedRun:
    """Answer requests with the model of a run.

    Args:
        folder: The run.
        trained: Its model.
        limits: Of the requests.
        redact: Whether what says whom a request is of is taken out before anything reads it.
    """

    def __init__(self, folder: RunFolder, trained: Predictor, limits: Limits, redact: bool = False) -> None:
        self.folder, self.reader, self.explainer = folder, Reader(trained, limits), Explainer(trained, limits)
        self._redacted = Redaction(self.reader.inputs(), limits) if redact else None
        self.task = type(trained.task).__name__
        self._predict: Predict = replace(trained, batch_size=limits.batch).predict

    @classmethod
    def load(cls, path: str, overrides: Sequence[str], limits: Limits, redact: bool = False) -> ServedRun:
        """Restore the model of a run, as ``mmexp predict`` does."""
        folder = RunFolder(Path(path))
        return cls(folder, restore(folder, overrides), limits, redact)

    def describe(self) -> Description:
        """Return what the front has to know of it."""
        return Description(
            self.folder.id,
            self.task,
            self.reader.inputs(),
            row(self.folder).epsilon,
            read_reference(self.folder),
            self.explainer.methods,
            self.explainer.scored,
        )

    def answer(self, payloads: Sequence[Payload]) -> list[Answer]:
        """Return an answer for each request, in order; one that is at fault does not spoil the others."""
        if payloads[0].want != "predict":
            return [self._explained(one) for one in payloads]
        answers: list[Answer | None] = []
        samples: list[Sample] = []
        for payload in payloads:
            try:
                samples.append(self._read(payload))
                answers.append(None)
            except Refusal as refusal:
                answers.append(Answer(refusal.status, error(refusal.code, str(refusal))))
        found = iter(self._together(samples))
        return [next(found) if one is None else one for one in answers]

    def _together(self, samples: Sequence[Sample]) -> list[Answer]:
        """Predict a batch; where that fails, each sample alone, to find the one at fault."""
        if len(samples) > 1:
            try:
                return self._predicted(samples)
            except Exception:
                logging.getLogger(__name__).warning("A batch of %s failed; each is predicted alone.", len(samples))
        return [self._alone(sample) for sample in samples]

    def _read(self, payload: Payload) -> Sample:
        return self.reader.read(self._redacted(payload) if self._redacted else payload)

    def _explained(self, payload: Payload) -> Answer:
        """Answer what asks for more than a prediction."""

        def explain() -> Answer:
            sample = self._read(payload)
            if payload.want == "contribution":
                return Answer(200, self.explainer.contribution(sample))
            return Answer(200, self.explainer.explanation(sample, payload.method))

        return _or_error(explain, payload.id)

    def _alone(self, sample: Sample) -> Answer:
        return _or_error(lambda: self._predicted([sample])[0], sample.id)

    def _predicted(self, samples: Sequence[Sample]) -> list[Answer]:
        rows = list(self._predict(samples))
        described = [self._statistics(sample) for sample in samples]
        return [Answer(200, plain(row), numbers, len(samples)) for row, numbers in zip(rows, described, strict=True)]

    def _statistics(self, sample: Sample) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, value in sample.inputs.items():
            found |= statistics(name, value, self.reader.facts.get(name, {}))
        return found


def _or_error(answer: Callable[[], Answer], id: str) -> Answer:
    """Return an answer, or what is answered where there is none."""
    try:
        return answer()
    except Refusal as refusal:
        return Answer(refusal.status, error(refusal.code, str(refusal)))
    except TooSlow as fault:
        return Answer(504, error("timeout", str(fault)))
    except (DataError, ConfigError) as fault:
        return Answer(422, error("invalid_input", str(fault)[:400]))
    except (ResourceError, MemoryError):
        return Answer(413, error("too_large", "input must fit in memory with its model, got one that does not."))
    except Exception:
        logging.getLogger(__name__).exception("The model failed on sample %r.", id)
        return Answer(500, error("model_failed", "model must predict this sample, got an error of its own."))


def read_reference(folder: RunFolder) -> dict[str, list[Any]]:
    """Return classes and scores that a run predicted when it was evaluated, of its first samples; empty without any.

    Raises:
        DataError: If its predictions are no JSON objects, a line each.
    """
    path = next((path for path in map(folder.predictions, ("test", "val")) if path.is_file()), None)
    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8") as lines:
            rows = [dict(json.loads(line)) for line in islice(lines, _KEPT)]
    except (ValueError, TypeError, RecursionError) as fault:
        raise DataError(f"predictions must be a JSON object a line, got {fault}.", path=str(path)) from fault
    classes = [row["label"] for row in rows if isinstance(row.get("label"), str | int)]
    scores = [row["score"] for row in rows if isinstance(row.get("score"), float) and math.isfinite(row["score"])]
    return {"classes": classes, "scores": scores}
