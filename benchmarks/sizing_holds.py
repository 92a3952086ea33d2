"""Do the computed limits hold? Models of different weight, built, loaded, sized, and loaded again as sized.

Three models that Opsmith trains with its defaults and serves as ONNX, and a heavy one: boosting behind a cleaning recipe, served
by skops and pandas, which is allowed a longer answer. `light` or `heavy` as a second argument runs
only these and writes no results.
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
from opsmith.tools.compute.recipe import Recipe, Step
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.train import train

RESULTS = Path(__file__).parent / "results"
MODELS = {
    "logistic_regression": "",
    "gradient_boosting": "",
    "random_forest": "",
    "cleaned_boosting": "gradient_boosting",
}
WITHIN = {"cleaned_boosting": 250.0}  # ms that the 95th percentile may take; 100 for the others
RECIPE = Recipe(
    "telco.csv",
    (
        Step("trim", ("PaymentMethod", "Contract", "InternetService")),
        Step("cast", ("TotalCharges",), {"to": "number"}),
        Step("impute", ("TotalCharges",), {"method": "median", "by": ["Contract"]}),
        Step("map_values", ("PaymentMethod",), {"mapping": {"Bank transfer (automatic)": "Bank transfer"}}),
    ),
)


def main(data: Path, which: str) -> None:
    """Train, build and prove each model; print and keep the figures."""
    load, rows, failed = os.getloadavg(), [], {}
    for name, behind_recipe in MODELS.items():
        if which and (which == "heavy") != bool(behind_recipe):
            continue
        project = Path(tempfile.mkdtemp())
        shutil.copy(data / "telco.csv", project)
        if behind_recipe:
            (project / "recipes").mkdir()
            (project / "recipes" / "telco_clean.yaml").write_text(RECIPE.to_yaml())
        context = Context(project)
        algorithm = behind_recipe or name
        (training,) = train("telco.csv", target="Churn", algorithm=algorithm, model=name, context=context).actions
        effect_of(training.kind).apply(training.arguments, Place(project, f"train-{name}", "benchmark"))
        (action,) = build(name, latency=WITHIN.get(name), seconds=2, tag="benchmark", context=context).actions
        try:
            facts = effect_of(action.kind).apply(action.arguments, Place(project, f"prove-{name}", "benchmark")).data
        except ToolError as error:  # what cannot be proved is told, and the others go on
            failed[name] = str(error)
            print(name, error, flush=True)
            continue
        again, sized = facts["again"], facts["sizing"]
        rows.append({
            "model": name, "format": facts["format"], "image_mb": facts["image_bytes"] / 1e6,
            "cold_start_s": facts["cold_start_s"],
            "cpu_ms_per_request": 1000 * sized["inputs"]["cpu_per_request_s"], "rss_mib": facts["rss"] / 2**20,
            "cpu": sized["cpu"], "memory_limit": sized["memory_limit"], "rate": again["rate"],
            "within_ms": WITHIN.get(name, 100.0), "p95_ms": again["p95_ms"],
            "errors": again["errors"], "refused": again["refused"], "tries": facts["again_tries"], "holds": facts["again_passed"],
        })  # fmt: skip
        print(rows[-1], flush=True)
    told = {
        "load_average_before": load,
        "load_average_after": os.getloadavg(),
        "processors": os.cpu_count(),
        "models": rows,
        "failed": failed,
    }
    if which or not rows:
        return
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "sizing_holds.json").write_text(json.dumps(told, indent=1) + "\n")
    head = list(rows[0])
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += [
        "| " + " | ".join(f"{v:.3g}" if isinstance(v, float) else str(v) for v in r.values()) + " |" for r in rows
    ]
    note = f"\nLoad average {load[0]:.1f} before, {os.getloadavg()[0]:.1f} after, {os.cpu_count()} CPUs.\n"
    note += "".join(f"\n{name}: {why}\n" for name, why in failed.items())
    (RESULTS / "sizing_holds.md").write_text("\n".join(lines) + "\n" + note)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
