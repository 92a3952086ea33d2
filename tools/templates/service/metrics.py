"""The figures at /metrics, in the Prometheus text format. Names start with `model_`; labels have few values."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """One set a process; process_cpu_seconds_total beside them is what autoscaling is fitted to."""

    def __init__(self, name: str, version: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._requests = Counter("model_requests", "Requests by answer", ["path", "status"], registry=self.registry)
        self._seconds = Histogram("model_predict_seconds", "From the first byte of a prediction request to its answer",
                                  buckets=BUCKETS, registry=self.registry)  # fmt: skip
        self._rows = Counter("model_rows", "Rows that were predicted", registry=self.registry)
        self.under_way = Gauge("model_requests_under_way", "Requests being worked on", registry=self.registry)
        self._logged = Counter(
            "model_prediction_log_rows", "Rows of the prediction log", ["result"], registry=self.registry
        )
        self._unseen = Gauge("model_unseen_values", "Values that training never saw, since the start", ["column"],
                             registry=self.registry)  # fmt: skip
        about = Gauge("model_info", "The model that answers", ["model", "version"], registry=self.registry)
        about.labels(name, version).set(1)
        self._known: dict[tuple[str, int], Any] = {}

    def request(self, path: str, status: int) -> None:
        """Count one answer."""
        key = (path, status)
        if key not in self._known:
            self._known[key] = self._requests.labels(path, str(status))
        self._known[key].inc()

    def predicted(self, rows: int, seconds: float) -> None:
        """Count the rows of one answer and its time."""
        self._rows.inc(rows)
        self._seconds.observe(seconds)

    def logged(self, result: str, rows: int) -> None:
        """Rows of the prediction log: written, dropped (the queue was full) or failed (the disk said no)."""
        self._logged.labels(result).inc(rows)

    def text(self, unseen: dict[str, int]) -> bytes:
        """The page."""
        for column, count in unseen.items():
            self._unseen.labels(column).set(count)
        return generate_latest(self.registry)
