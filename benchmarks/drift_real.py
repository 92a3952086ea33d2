"""Known changes in real data, in time order: when does the verdict turn, and how right is the estimate without outcomes?

    python benchmarks/drift_real.py DATA [--nannyml PYTHON]    # DATA: folder with drift/*.csv, as OPSMITH_DATA names it

Electricity (Victoria's market joins at row 17,424), car loans (the second half drifts), bike sharing (2012 is busier than 2011).
With --nannyml (an interpreter that has it), its CBPE estimates the same chunks of the car loans. Kept in results/drift_real.*.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import pandas as pd

from opsmith.tools.contract import Context
from opsmith.tools.drift import drift

PLACE = Path(__file__).resolve().parent / "results" / "drift_real.json"
CHUNK = 1000  # rows of the car loans that are estimated together
CBPE = """
import sys, json, pandas as pd, nannyml as nml
a, b = pd.read_csv(sys.argv[1]), pd.read_csv(sys.argv[2])
e = nml.CBPE(y_pred_proba="y_pred_proba", y_pred="y_pred", y_true="repaid", problem_type="classification_binary",
             metrics=["roc_auc", "accuracy", "f1"], chunk_size=int(sys.argv[3]))
e.fit(a)
t = e.estimate(b).filter(period="analysis").to_df()
print("RESULT " + json.dumps({m: list(t[m]["value"]) for m in ("roc_auc", "accuracy", "f1")}))
"""


def verdict(context: Context, before: str, now: str, **given: object) -> tuple[str, list[str]]:
    """The verdict on the data, and the columns that moved far."""
    found = drift(before, now, kind="data", context=context, **given)
    return found.data["verdict"], [c["name"] for c in found.data["columns"] if c["size"] == "large"]


def turns(context: Context, file: str, before: str, change: int, width: int, step: int, **given: object) -> dict:
    """Windows of `width` rows that end ever later after the change: verdicts until `act` has come twice in a row."""
    told: list[dict] = []
    for after in range(0, 3 * width + 1, step):
        end = change + after
        said, moved = verdict(context, before, f"{file}[{end - width}:{end}]", **given)
        told.append({"rows_after": after, "verdict": said, "columns": moved})
        if [t["verdict"] for t in told[-2:]] == ["act", "act"]:
            break
    first = next((t["rows_after"] for t in told if t["verdict"] == "act"), None)
    return {"window": width, "first_act_rows_after": first, "windows": told}


def electricity(context: Context, data: Path) -> dict:
    """A week's window, moved by a day."""
    pd.read_csv(data / "drift" / "electricity_nsw.csv.gz").to_csv(context.project / "elec.csv", index=False)
    held = ["nswprice", "nswdemand", "class", "period"]  # what also drifts by season is told apart
    whole = drift("elec.csv[0:17424]", "elec.csv[17424:]", target="class", context=context)
    return {
        "verdict": whole.data["verdict"], "cause": whole.data["cause"],
        "turns": turns(context, "elec.csv", "elec.csv[0:17424]", 17_424, 336, 48, exclude=held),
    }  # fmt: skip


def bikes(context: Context, data: Path) -> dict:
    """Each month of 2012 against the same month of 2011; and a quarter against another season."""
    rows = pd.read_csv(data / "drift" / "bike_sharing_hourly.csv")
    keep = [c for c in rows.columns if c not in ("yr", "instant", "dteday", "casual", "registered")]
    told = {}
    for month in range(1, 13):
        for year in (0, 1):
            part = rows[(rows.yr == year) & (rows.mnth == month)][keep]
            part.to_csv(context.project / f"m{year}.csv", index=False)
        said, moved = verdict(context, "m0.csv", "m1.csv")
        told[f"2012-{month:02d}"] = {"verdict": said, "columns": moved}
    rows[rows.yr == 0][keep].to_csv(context.project / "y0.csv", index=False)
    rows[rows.yr == 1][keep].to_csv(context.project / "y1.csv", index=False)
    years = verdict(context, "y0.csv", "y1.csv")
    rows[(rows.yr == 0) & (rows.mnth <= 3)][keep].to_csv(context.project / "winter.csv", index=False)
    rows[(rows.yr == 1) & rows.mnth.between(7, 9)][keep].to_csv(context.project / "summer.csv", index=False)
    return {"months": told, "years": years, "winter against summer": verdict(context, "winter.csv", "summer.csv")}


def loans(context: Context, data: Path, nannyml: str | None) -> dict:
    """When the verdict turns, and estimates against what came out, chunk by chunk."""
    folder = data / "drift"
    for name in ("reference", "current"):
        pd.read_csv(folder / f"car_loan_{name}.csv").to_csv(context.project / f"{name}.csv", index=False)
    now = pd.read_csv(folder / "car_loan_current.csv")
    actual = now.merge(pd.read_csv(folder / "car_loan_current_target.csv"), on="id")
    told: dict = {"turns": turns(context, "current.csv", "reference.csv", len(now) // 2, 1000, 100)}
    theirs: dict = {}
    if nannyml:
        words = [
            nannyml,
            "-c",
            CBPE,
            *(str(context.project / f"{n}.csv") for n in ("reference", "current")),
            str(CHUNK),
        ]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        theirs = json.loads(next(x for x in done.stdout.splitlines() if x.startswith("RESULT "))[7:])
    rows = []
    for number, start in enumerate(range(0, len(now), CHUNK)):
        actual.iloc[start : start + CHUNK].to_csv(context.project / "known.csv", index=False)
        now.iloc[start : start + CHUNK].to_csv(context.project / "open.csv", index=False)
        guess = drift("reference.csv", "open.csv", target="repaid", kind="performance", context=context)
        real = drift("reference.csv", "known.csv", target="repaid", kind="performance", context=context)
        for metric, other in (("auc", "roc_auc"), ("accuracy", "accuracy"), ("f1", "f1")):
            said = guess.data["performance"]["estimated"][metric]
            came = real.data["performance"]["realised"][metric]["value"]
            rows.append({
                "chunk": number, "metric": metric, "realised": came, "opsmith": said["value"], "interval": said["interval"],
                "inside": said["interval"][0] <= came <= said["interval"][1],
                "nannyml": theirs.get(other, [None] * 99)[number],
            })  # fmt: skip
    told["chunks"] = rows
    told["mean_error"] = {
        metric: {
            who: round(sum(abs(r[who] - r["realised"]) for r in rows if r["metric"] == metric) / max(1, len(rows) // 3), 5)
            for who in ("opsmith", *(["nannyml"] if nannyml else []))
        }
        for metric in ("auc", "accuracy", "f1")
    }  # fmt: skip
    told["inside_interval"] = round(sum(r["inside"] for r in rows) / len(rows), 3)
    return told


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("data", type=Path)
    given.add_argument("--nannyml", help="an interpreter that has nannyml")
    asked = given.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        context = Context(Path(folder))
        told = {
            "version": 1, "car_loans": loans(context, asked.data, asked.nannyml),
            "electricity": electricity(context, asked.data), "bikes": bikes(context, asked.data),
        }  # fmt: skip
    PLACE.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
