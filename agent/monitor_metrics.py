"""Monitors for Prometheus: the last figures of each, read from their kept state when scraped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from opsmith.agent.monitor_state import MonitorState
from opsmith.tools.data import monitors

_STATES = ("ok", "breach", "recovered", "error", "skipped")


class Server:
    """A running metrics endpoint."""

    def __init__(self, server: Any, thread: Any) -> None:
        self._server, self._thread = server, thread
        self.port = int(server.server_port)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def serve(project: Path, port: int, address: str = "127.0.0.1") -> Server:
    """Serve the project's metrics at http://127.0.0.1:port/metrics until closed."""
    from prometheus_client import CollectorRegistry, start_http_server

    registry = CollectorRegistry()
    registry.register(_Monitors(project))  # type: ignore[arg-type]
    return Server(*start_http_server(port, addr=address, registry=registry))


def text(project: Path) -> str:
    """The metrics as Prometheus text, for a file that node-exporter collects."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(_Monitors(project))  # type: ignore[arg-type]
    return generate_latest(registry).decode()


class _Monitors:
    """A collector without memory of its own: a restart loses nothing."""

    def __init__(self, project: Path) -> None:
        self.project = project

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily

        value = GaugeMetricFamily(
            "opsmith_monitor_value", "Last figure of a watched metric", labels=["monitor", "metric"]
        )
        limit = GaugeMetricFamily("opsmith_monitor_threshold", "Its threshold", labels=["monitor", "metric"])
        state = GaugeMetricFamily(
            "opsmith_monitor_state", "1 for the state of the last run", labels=["monitor", "state"]
        )
        last = GaugeMetricFamily("opsmith_monitor_last_run_timestamp_seconds", "When it last ran", labels=["monitor"])
        took = GaugeMetricFamily("opsmith_monitor_run_seconds", "How long the last run took", labels=["monitor"])
        row = GaugeMetricFamily(
            "opsmith_monitor_breaches_in_a_row", "Breaches since the last good run", labels=["monitor"]
        )
        on = GaugeMetricFamily("opsmith_monitor_enabled", "1 when the monitor is on", labels=["monitor"])
        for monitor in monitors.list_monitors(self.project):
            kept = MonitorState.load(self.project, monitor.name)
            on.add_metric([monitor.name], float(monitor.enabled))
            row.add_metric([monitor.name], kept.breaches)
            for metric, threshold in monitor.thresholds.items():
                limit.add_metric([monitor.name, metric], threshold)
            if kept.runs:
                run = kept.runs[-1]
                for metric, figure in run.get("values", {}).items():
                    value.add_metric([monitor.name, metric], float(figure))
                for name in _STATES:
                    state.add_metric([monitor.name, name], float(run["state"] == name))
                took.add_metric([monitor.name], float(run.get("seconds", 0.0)))
            if kept.last_run:
                last.add_metric([monitor.name], datetime.fromisoformat(kept.last_run).timestamp())
        yield from (value, limit, state, last, took, row, on)
