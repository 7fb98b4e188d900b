"""What a server counts, as Prometheus reads it. No text, and no name that a client made up."""

from collections.abc import Mapping

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
STATES = ("LOADING", "AVAILABLE", "END")
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_SHARES = tuple(number / 20 for number in range(1, 21))
_OF = ("model", "version")


class Metrics:
    """Counters of one server."""

    def __init__(self):
        self.registry = CollectorRegistry()
        kept = {"registry": self.registry}
        self._requests = Counter(
            "tfnews_requests",
            "Requests by what they asked for and HTTP status; model is empty where there is none.",
            (*_OF, "method", "code"),
            **kept,
        )
        self._seconds = Histogram(
            "tfnews_request_seconds",
            "From a request's first byte to its answer's last.",
            _OF,
            buckets=_SECONDS,
            **kept,
        )
        self._rows = Histogram(
            "tfnews_batch_rows", "Texts computed together.", _OF, buckets=_ROWS, **kept
        )
        self._scores = Histogram(
            "tfnews_fake_probability",
            "Fake probabilities of scored texts.",
            _OF,
            buckets=_SHARES,
            **kept,
        )
        self._outcomes = Counter(
            "tfnews_texts",
            "Texts by outcome: scored, unsure or not_scored.",
            (*_OF, "outcome"),
            **kept,
        )
        self._states = Gauge(
            "tfnews_version_state", "1 for the state of a version.", (*_OF, "state"), **kept
        )
        self.queue = Gauge("tfnews_queue_rows", "Texts that wait to be computed.", _OF, **kept)
        self._polls = Counter(
            "tfnews_repository_errors", "Looks at a repository that failed.", **kept
        )

    def request(self, model: str, version: str, method: str, code: int, seconds: float) -> None:
        """Count a request that is over."""
        self._requests.labels(model, version, method, code).inc()
        self._seconds.labels(model, version).observe(seconds)

    def batch(self, model: str, version: str, rows: int, outputs: Mapping[str, np.ndarray]) -> None:
        """Count a batch; scores and outcomes where the outputs have them."""
        self._rows.labels(model, version).observe(rows)
        outcomes = outputs.get("outcome")
        if outcomes is None or "fake_probability" not in outputs:
            return
        scored = outcomes != b"not_scored"  # of the unsure, too, the number counts
        count = int(scored.sum())
        unsure = int((outcomes == b"unsure").sum())
        self._outcomes.labels(model, version, "scored").inc(count - unsure)
        self._outcomes.labels(model, version, "unsure").inc(unsure)
        self._outcomes.labels(model, version, "not_scored").inc(len(scored) - count)
        scores = self._scores.labels(model, version)
        for score in outputs["fake_probability"][scored].tolist():
            scores.observe(score)

    def version(self, model: str, version: str, state: str) -> None:
        """Note the state of a version."""
        for one in STATES:
            self._states.labels(model, version, one).set(one == state)

    def repository_error(self) -> None:
        """Count a look at a repository that failed."""
        self._polls.inc()

    def page(self) -> bytes:
        """Return all of it as text."""
        return generate_latest(self.registry)
