from __future__ import annotations

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from mmexp.deploy.serve.alert.history import History, plain, quantile, summed

ALL = ("requests_total", "queue", "seconds_bucket")


class Server:
    """Metrics that are changed, and looked at every ten seconds."""

    def __init__(self, seconds: float = 60) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("requests", "r", ["run", "status"], registry=self.registry)
        self.queue = Gauge("queue", "q", registry=self.registry)
        self.seconds = Histogram("seconds", "s", ["run"], registry=self.registry, buckets=(0.1, 0.2, 0.4, 0.8))
        self.history, self.now = History(ALL, seconds), 0.0

    def look(self) -> None:
        self.history.add(self.now, self.registry.collect())
        self.now += 10


def test_a_counter_has_risen_by_what_it_had_not_before_and_a_new_one_from_nothing():
    server = Server()
    server.requests.labels("a", "200").inc(5)
    server.look()
    server.requests.labels("a", "200").inc(2)
    server.requests.labels("b", "500").inc(3)
    server.look()
    a, b = (("run", "a"), ("status", "200")), (("run", "b"), ("status", "500"))
    assert server.history.increase("requests_total", 60) == {a: 2, b: 3}
    server.look()
    assert server.history.increase("requests_total", 10) == {a: 0, b: 0}
    assert server.history.latest("requests_total") == {a: 7, b: 3}
    assert server.history.increase("nothing", 60) == {} == server.history.latest("nothing")


def test_the_largest_value_within_some_time_is_found_and_what_is_older_is_forgotten():
    server = Server(seconds=30)
    for value in (9, 1, 5, 2, 3, 1):
        server.queue.set(value)
        server.look()
    assert server.history.most("queue", 30) == {(): 5} and server.history.most("queue", 10) == {(): 3}
    assert len(server.history._kept) == 4


def test_a_quantile_is_that_of_the_values_as_exactly_as_buckets_say_it():
    server, draw = Server(), np.random.default_rng(0)
    values = draw.uniform(0, 0.8, 5000)
    server.look()
    for value in values:
        server.seconds.labels("a").observe(value)
    server.look()
    found = quantile(0.95, server.history.increase("seconds_bucket", 60))
    assert found[("run", "a"),] == pytest.approx(np.quantile(values, 0.95), abs=0.02)
    counts = {le: 1.0 * i for i, le in enumerate(("0.1", "0.2", "+Inf"), 1)}
    buckets = {(("le", le),): value for le, value in counts.items()}
    assert quantile(0.5, buckets)[()] == pytest.approx(0.15) and quantile(0.99, buckets)[()] == 0.2
    assert quantile(0.95, {(("le", "+Inf"),): 0.0}) == {}


def test_series_are_added_up_by_some_labels():
    values = {
        (("run", "a"), ("status", "200")): 1.0,
        (("run", "a"), ("status", "500")): 2.0,
        (("run", "b"), ("status", "500")): 4.0,
    }
    assert summed(values, ("run",)) == {(("run", "a"),): 3, (("run", "b"),): 4}
    assert summed(values, (), lambda labels: labels["status"] == "500") == {(): 6}
    assert plain((("run", "a"), ("status", ""))) == {"run": "a"}
