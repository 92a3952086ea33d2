"""OpenTelemetry spans around turns, planner calls, tools, approvals and effects; off unless a setting turns it on.

Spans carry ids, names, tokens and seconds; never contents of cells, files or messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from opsmith.tools.contract import ToolError

_tracer: Any = None


def start(exporter: str) -> Any:
    """Send spans to `console`, `otlp` or `memory`; returns the exporter. '' turns telemetry off."""
    global _tracer
    if not exporter:
        _tracer = None
        return None
    try:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    except ImportError:
        raise ToolError(
            "telemetry.exporter is set, but OpenTelemetry is missing: pip install 'opsmith[otel]'."
        ) from None
    provider = TracerProvider()
    chosen: Any
    if exporter == "memory":
        chosen = InMemorySpanExporter()
        provider.add_span_processor(SimpleSpanProcessor(chosen))
    elif exporter == "console":
        import sys

        chosen = ConsoleSpanExporter(out=sys.stderr)
        provider.add_span_processor(BatchSpanProcessor(chosen))
    elif exporter == "otlp":
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        except ImportError:
            raise ToolError(
                "The otlp exporter is missing: pip install opentelemetry-exporter-otlp-proto-http."
            ) from None
        chosen = OTLPSpanExporter()
        provider.add_span_processor(BatchSpanProcessor(chosen))
    else:
        raise ToolError(f"telemetry.exporter is {exporter!r}; it takes console, otlp or memory.")
    _tracer = provider.get_tracer("opsmith")
    return chosen


@contextmanager
def span(name: str, **attributes: Any) -> Iterator[Callable[..., None]]:
    """A span around a block; the yielded function adds attributes to it. Costs nothing while telemetry is off."""
    if _tracer is None:
        yield lambda **more: None
        return
    with _tracer.start_as_current_span(f"opsmith.{name}") as current:
        for key, value in attributes.items():
            current.set_attribute(f"opsmith.{key}", value)

        def add(**more: Any) -> None:
            for key, value in more.items():
                current.set_attribute(f"opsmith.{key}", value)

        yield add
