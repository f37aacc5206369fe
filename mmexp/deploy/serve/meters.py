"""What is counted, in the text format of Prometheus; each server has a registry of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, generate_latest
from prometheus_client.metrics_core import Metric

from mmexp.deploy.serve.drift import Window, ks, psi
from mmexp.deploy.serve.exchange import Answer, Description

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
OTHER = ""
"""Label of requests to no run."""


class Meters:
    """Counters, gauges and histograms of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = self._counter("requests", "Requests by run, status and code.", "run", "status", "code")
        self.seconds = self._histogram("request_seconds", "Time from a request to its answer.", _SECONDS, "run")
        self.explained = self._histogram(
            "explain_seconds", "The same of contributions and explanations.", _SECONDS, "run"
        )
        self.batches = self._histogram("batch_size", "Requests that were predicted together.", _SIZES, "run")
        self.restarts = self._counter("worker_restarts", "Workers that were started again.")
        self.queue = self._gauge("queue_length", "Requests that wait.")
        self.workers = self._gauge("workers_ready", "Workers that can be asked.")
        self.epsilon = self._gauge("privacy_epsilon", "Epsilon of a run that was trained privately.", "run")
        self.psi = self._gauge("prediction_psi", "Population stability index of predicted classes.", "run")
        self.ks = self._gauge("score_ks", "Kolmogorov-Smirnov statistic of the scores.", "run")
        self.inputs = Summary("mmexp_input", "What describes the inputs.", ("run", "statistic"), registry=self.registry)
        self._windows: dict[str, tuple[Window, Window]] = {}

    def watch(self, waiting: Callable[[], float], ready: Callable[[], float]) -> None:
        """Ask for the length of the queue and the number of workers when they are read."""
        self.queue.set_function(waiting)
        self.workers.set_function(ready)

    def expect(self, descriptions: Mapping[str, Description]) -> None:
        """Take what the runs predicted at evaluation as what is to be expected."""
        for name, one in descriptions.items():
            self._windows[name] = Window(one.reference.get("classes", ())), Window(one.reference.get("scores", ()))
            if one.epsilon is not None:
                self.epsilon.labels(name).set(one.epsilon)

    def count(self, run: str, status: int, code: str, seconds: float, want: str = "") -> None:
        """Count an answered request.

        Args:
            run: Name that it is served under; ``OTHER`` if there is none.
            status: Of HTTP.
            code: Of the error; empty for none.
            seconds: That it took.
            want: What the run was asked for; empty if nothing.
        """
        self.requests.labels(run, str(status), code).inc()
        timed = self.seconds if want in ("", "predict") else self.explained
        timed.labels(run).observe(seconds)

    def observe(self, run: str, answer: Answer) -> None:
        """Take up what a run was given and has predicted."""
        for name, number in answer.statistics.items():
            self.inputs.labels(run, name).observe(number)
        classes, scores = self._windows[run]
        if isinstance(label := answer.body.get("label"), str | int):
            classes.add(label)
        if isinstance(score := answer.body.get("score"), float):
            scores.add(score)

    def text(self) -> bytes:
        """Return everything as Prometheus reads it."""
        self._compare()
        return generate_latest(self.registry)

    def collect(self) -> list[Metric]:
        """Return everything as it is now."""
        self._compare()
        return list(self.registry.collect())

    def _compare(self) -> None:
        for name, (classes, scores) in self._windows.items():
            if classes.enough:
                self.psi.labels(name).set(psi(classes.reference, list(classes.newest)))
            if scores.enough:
                self.ks.labels(name).set(ks(_numbers(scores.reference), _numbers(scores.newest)))

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"mmexp_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"mmexp_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"mmexp_{name}", text, labels, registry=self.registry, buckets=buckets)


def _numbers(values: Any) -> list[float]:
    return [float(value) for value in values]
