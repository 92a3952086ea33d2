"""Do the computed limits hold? Three models of different weight, built, loaded, sized, and loaded again as sized.

`python benchmarks/sizing_holds.py FOLDER` needs a Docker engine with python:3.11-slim (.ci/docker-engine.sh) and a folder with
telco.csv; writes benchmarks/results/sizing_holds.json and .md.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from opsmith.agent.effects import Place, effect_of
from opsmith.tools.build import build
from opsmith.tools.contract import Context
from opsmith.tools.train import train

RESULTS = Path(__file__).parent / "results"
ALGORITHMS = ("logistic_regression", "gradient_boosting", "random_forest")


def main(data: Path) -> None:
    """Train, build and prove each model; print and keep the figures."""
    load, rows = os.getloadavg(), []
    for algorithm in ALGORITHMS:
        project = Path(tempfile.mkdtemp())
        shutil.copy(data / "telco.csv", project)
        context = Context(project)
        (training,) = train("telco.csv", target="Churn", algorithm=algorithm, model=algorithm, context=context).actions
        effect_of(training.kind).apply(training.arguments, Place(project, f"train-{algorithm}", "benchmark"))
        (action,) = build(algorithm, seconds=2, tag="benchmark", context=context).actions
        facts = effect_of(action.kind).apply(action.arguments, Place(project, f"prove-{algorithm}", "benchmark")).data
        again, sized = facts["again"], facts["sizing"]
        rows.append({
            "model": algorithm, "format": facts["format"], "image_mb": facts["image_bytes"] / 1e6,
            "cold_start_s": facts["cold_start_s"],
            "cpu_ms_per_request": 1000 * sized["inputs"]["cpu_per_request_s"], "rss_mib": facts["rss"] / 2**20,
            "cpu": sized["cpu"], "memory_limit": sized["memory_limit"], "rate": again["rate"], "p95_ms": again["p95_ms"],
            "errors": again["errors"], "refused": again["refused"], "tries": facts["again_tries"], "holds": facts["again_passed"],
        })  # fmt: skip
        print(rows[-1], flush=True)
    told = {
        "load_average_before": load,
        "load_average_after": os.getloadavg(),
        "processors": os.cpu_count(),
        "models": rows,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "sizing_holds.json").write_text(json.dumps(told, indent=1) + "\n")
    head = list(rows[0])
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += [
        "| " + " | ".join(f"{v:.3g}" if isinstance(v, float) else str(v) for v in r.values()) + " |" for r in rows
    ]
    note = f"\nLoad average {load[0]:.1f} before, {os.getloadavg()[0]:.1f} after, {os.cpu_count()} CPUs; p95 within 100 ms.\n"
    (RESULTS / "sizing_holds.md").write_text("\n".join(lines) + "\n" + note)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
