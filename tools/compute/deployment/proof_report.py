"""The report of a proof: what was built, how it answered, what it cost, and every formula of the sizing, with a plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:960px;margin:2rem auto;padding:0 1rem;color:#1d2430;background:#fff}"
    "table{border-collapse:collapse;width:100%;margin:.6rem 0 1.4rem}th,td{text-align:left;padding:.3rem .6rem;"
    "border-bottom:1px solid #dde2ea}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}h1{font-size:1.5rem}"
    "h2{font-size:1.1rem;margin-top:1.8rem}.ok{color:#126b38}.no{color:#a3241b}.soft{color:#5b6675}code{font-size:.9em}"
    "@media(prefers-color-scheme:dark){body{background:#14181f;color:#e4e8ef}th,td{border-color:#333b47}.soft{color:#9aa5b4}"
    ".ok{color:#5fce8f}.no{color:#ff8a80}}"
)
MIB = 2**20


def sentence(facts: Mapping[str, Any]) -> str:
    """The outcome in two sentences."""
    sized, again, compared = facts["sizing"], facts["again"], facts["compared"]
    passed = "held" if facts["again_passed"] else "did not hold"
    limits = (
        f"CPU {sized['cpu']} (limit {sized['cpu_limit']}), memory {sized['memory']} (limit {sized['memory_limit']})"
    )
    cost = f"{1000 * sized['inputs']['cpu_per_request_s']:.2f} ms of CPU a request and {facts['rss'] / MIB:.0f} MiB"
    lost = again["errors"] + again["refused"]
    return (
        f"it answers like the model in all {compared['rows']} rows (largest difference {compared['difference']:.1e}), is "
        f"ready in {facts['cold_start_s']:.1f} s, costs {cost}. Sized: {limits}, {sized['min_replicas']} to "
        f"{sized['max_replicas']} replicas at {sized['cpu_target']}% CPU; under these limits {again['rate']:.0f} requests "
        f"a second {passed} (p95 {again['p95_ms']:.1f} ms, {lost} not answered)."
    )


def page(facts: Mapping[str, Any]) -> str:
    """A self-contained HTML page."""
    sized, steps, again = facts["sizing"], facts["steps"], facts["again"]
    inputs = sized["inputs"]
    verdict = (
        ("ok", "The computed limits held.") if facts["again_passed"] else ("no", "The computed limits did not hold.")
    )
    compared = facts["compared"]
    facts_table = _table(("what", "measured"), [
        ("image", f"{facts['reference']}, {facts['image_bytes'] / 1e6:,.0f} MB, {facts['format']}"),
        ("answers compared with the model's own", f"{compared['rows']} {compared['on']}: {compared['differ']} "
         f"differ, largest difference {compared['difference']:.1e} (allowed {compared['tolerance']:g})"),
        ("cold start", f"{facts['cold_start_s']:.2f} s with one CPU, {facts['cold_start_at_request_s']:.2f} s with "
         f"{sized['cpu']}"),
        ("largest resident memory", f"{facts['rss'] / MIB:.0f} MiB"),
        ("stop", f"exit code {facts['exit_code']} {facts['stop_s']:.1f} s after SIGTERM"),
        ("ran with", "read-only root, no capabilities, no new privileges, 64 processes at most, 127.0.0.1 only"),
    ])  # fmt: skip
    head = (
        "requests/s",
        "sent",
        "answered",
        "503",
        "errors",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "CPU ms/request",
        "throttled",
        "RSS MiB",
        "sent late ms",
    )
    rows = [_step_row(s) for s in steps]
    limits_row = [_step_row(again)]
    tries = (
        "" if facts["again_tries"] == 1 else f"<p class=soft>Run {facts['again_tries']} times; this is the last.</p>"
    )
    formulas = _table(
        ("value", "formula and inputs", "result"), [(f["name"], f["formula"], f["value"]) for f in sized["formulas"]]
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Proof of {escape(str(facts['reference']))}</title><style>{STYLE}</style>"
        f"<h1>{escape(str(facts['model']))} version {facts['version']}: built, run, loaded, sized</h1>"
        f"<p class={verdict[0]}>{verdict[1]}</p><p class=soft>{escape(str(facts['at']))}. Objective: p95 within "
        f"{inputs['objective_ms']:g} ms, no errors, at most 5 % of scheduler periods throttled.</p>{facts_table}"
        f"<h2>Load: latency by rate</h2>{_plot(steps, inputs['objective_ms'], inputs['knee_rps'])}"
        f"<p class=soft>Requests come at a fixed rate (Poisson), whatever the answers do; latency counts from when a request was "
        f"due. The knee is the highest rate that meets the objective.</p>{_table(head, rows, numbers=True)}"
        f"<h2>The same load under the computed limits</h2>{_table(head, limits_row, numbers=True)}{tries}"
        f"<h2>Sizing: every value and where it comes from</h2>{formulas}</html>"
    )


def _step_row(step: Mapping[str, Any]) -> tuple[str, ...]:
    cost = 1000 * step["cpu_seconds"] / step["answered"] if step["answered"] else float("nan")
    share = step["throttled"] / step["periods"] if step["periods"] else 0.0
    return (f"{step['rate']:.0f}", str(step["sent"]), str(step["answered"]), str(step["refused"]), str(step["errors"]),
            f"{step['p50_ms']:.2f}", f"{step['p95_ms']:.2f}", f"{step['p99_ms']:.2f}", f"{cost:.2f}", f"{share:.0%}",
            f"{step['rss'] / MIB:.0f}", f"{step.get('late_ms', 0):.2f}")  # fmt: skip


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: bool = False) -> str:
    mark = " class=n" if numbers else ""
    top = "".join(f"<th{mark}>{escape(h)}</th>" for h in head)
    body = "".join("<tr>" + "".join(f"<td{mark}>{escape(str(c))}</td>" for c in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _plot(steps: Sequence[Mapping[str, Any]], objective: float, knee: float) -> str:
    """Latency (log scale) by rate: p50, p95, p99, the objective as a line, the knee marked."""
    import math

    width, height, left, bottom = 900, 320, 60, 40
    most = max(s["rate"] for s in steps) * 1.05
    values = [max(0.05, s[k]) for s in steps for k in ("p50_ms", "p95_ms", "p99_ms") if s["answered"]] + [objective]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)) + 0.01)

    def x(rate: float) -> float:
        return left + (width - left - 20) * rate / most

    def y(ms: float) -> float:
        return 10 + (height - bottom - 10) * (1 - (math.log10(max(10**low, ms)) - low) / (high - low))

    grey, red, green = "currentColor", "#a3241b", "#126b38"
    right, floor = width - 20, height - bottom
    drawn = []
    for power in range(low, high + 1):
        at = y(10.0**power)
        drawn += [
            _line(left, at, right, at, grey, "opacity=.15"),
            _text(left - 8, at + 4, f"{10.0**power:g}", grey, "end"),
        ]
    for number, (colour, key) in enumerate((("#2f6fb5", "p50_ms"), ("#b8741a", "p95_ms"), (red, "p99_ms"))):
        points = [(x(s["rate"]), y(s[key])) for s in steps if s["answered"]]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        drawn.append(f"<polyline points='{path}' fill=none stroke='{colour}' stroke-width=2 />")
        drawn += [f"<circle cx={a:.1f} cy={b:.1f} r=3 fill='{colour}' />" for a, b in points]
        drawn.append(_text(left + 160 + 60 * number, 22, f"— {key[:3]}", colour))
    drawn += [_line(left, y(objective), right, y(objective), red, "stroke-dasharray='5 4'"),
              _text(left + 6, y(objective) - 5, f"objective {objective:g} ms", red),
              _line(x(knee), 10, x(knee), floor, green, "stroke-dasharray='2 3'"),
              _text(x(knee) - 5, 22, f"knee {knee:.0f}/s", green, "end")]  # fmt: skip
    shown = [s["rate"] for n, s in enumerate(steps) if n == 0 or x(s["rate"]) - x(steps[n - 1]["rate"]) > 30]
    drawn += [_text(x(rate), floor + 16, f"{rate:.0f}", grey, "middle") for rate in shown]
    drawn.append(
        _text((left + width) / 2, height - 6, "requests a second; latency in ms, on a log scale", grey, "middle")
    )
    return f"<svg viewBox='0 0 {width} {height}' role=img aria-label='latency by rate'>{''.join(drawn)}</svg>"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, more: str) -> str:
    return f"<line x1={x1:.1f} y1={y1:.1f} x2={x2:.1f} y2={y2:.1f} stroke='{colour}' {more} />"


def _text(x: float, y: float, words: str, colour: str, anchor: str = "start") -> str:
    return f"<text x={x:.1f} y={y:.1f} font-size=11 fill='{colour}' text-anchor={anchor}>{escape(words)}</text>"
