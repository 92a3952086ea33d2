"""Tell where a model could run, by what is set up here; each conclusion names the file that shows it."""

from __future__ import annotations

import os
from pathlib import Path

from opsmith.tools.contract import Context, Result, Table, tool

_SPOKEN = {
    "aws": "AWS",
    "gcp": "Google Cloud",
    "azure": "Azure",
    "on_prem": "on-premises",
    "edge": "an edge device",
    "local": "this machine",
}


@tool(
    intent="status",
    examples=(
        "what environment is this?",
        "where could this run?",
        "which clouds and clusters are set up here?",
        "is there a GPU or a container engine here?",
    ),
)
def environment(*, context: Context) -> Result:
    """Detect clouds, clusters, container engine, hardware and project files; "unknown" where nothing shows it.

    Names, regions and projects are read from configuration files; credentials are not opened and never shown.
    """
    from opsmith.tools.compute.deployment.evidence import Machine, detect, targets

    found = detect(context.project, Machine(Path.home(), Path("/"), dict(os.environ)))
    weights = targets(found)
    ready = [t for t, w in weights.items() if w == 3]
    likely = ready or [t for t, w in weights.items() if w == 2]
    if likely:
        shown = "; ".join(f"{_SPOKEN[t]} ({_because(found, t)})" for t in likely)
        headline = f"It could run on: {shown}."
    else:
        headline = "Where it is to run is unknown: nothing that is set up here shows it."
    rows = tuple((e.what, e.value, e.file, _SPOKEN.get(e.target, "")) for e in found)
    data = {
        "targets": {t: {"set_up": w == 3, "evidence": [vars(e) for e in found if e.target == t]} for t, w in weights.items()},
        "likely": likely[0] if len(likely) == 1 else None,
        "unknown": [t for t in _SPOKEN if t not in weights],
        "evidence": [vars(e) for e in found],
    }  # fmt: skip
    steps = tuple(f"deploy it {'to' if t in ('aws', 'gcp', 'azure') else 'on'} {_SPOKEN[t]}" for t in likely[:3])
    tables = (Table("What shows it", ("what", "value", "file", "speaks for"), rows),) if rows else ()
    return Result(headline, data, tables=tables, next_steps=steps)


def _because(found: list, target: str) -> str:
    best = next(e for e in found if e.target == target)
    return f"{best.what}: {best.value}, in {best.file}"
