"""Feature tools side by side on real tables: held-out score with and without their features, gain, seconds, columns.

    python -m benchmarks.features --venvs ~/venvs --tables insurance_charges telco_churn
    python -m benchmarks.features --report            # the table of everything measured so far

Every tool sees the training fold only and runs in a process of its own (with --venvs in $VENVS/features-PEER), with the
same time. One that is not done by then counts as the table without features. With --peers only some tools run; what is kept
of the others on the same folds and budget stays. Two models are fitted to what it made and
judged on the rows held out: LightGBM with fixed settings and a linear one. The gain's interval is a paired bootstrap over
all rows held out. Results: benchmarks/results/features.json and features.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import features_tables

HERE = Path(__file__).resolve().parent
PEERS = ("opsmith", "openfe", "featuretools", "autofeat", "skrub")
RESULTS = HERE / "results" / "features.json"
STARTING = 30.0  # seconds for a process to load its libraries and read the files
TIED = 0.001


def made_by(
    peer: str, train: Any, y: Any, test: Any, task: str, budget: float, python: str
) -> tuple[Any, Any, dict[str, Any]]:
    """What one tool makes of a fold: both tables and what is told of the run; the tables themselves when it fails."""
    import pandas as pd

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train.to_csv(folder / "train.csv", index=False)
        test.to_csv(folder / "test.csv", index=False)
        pd.DataFrame({"y": y}).to_csv(folder / "y.csv", index=False)
        call = [python, str(HERE / "features_peers.py"), peer, str(folder), task, str(budget)]
        run = subprocess.Popen(
            call, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            _, errors = run.communicate(timeout=budget + STARTING)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)  # with the processes that it started
            run.wait()
            return train, test, {"seconds": budget, "why": "not done in time", "models": {}}
        if run.returncode:
            why = errors.strip().splitlines()[-1][:160] if errors.strip() else "failed"
            return train, test, {"seconds": None, "why": why, "models": {}}
        told = json.loads((folder / "told.json").read_text())
        models = folder / "models.json"
        told["models"] = json.loads(models.read_text()) if models.is_file() else {}
        return pd.read_csv(folder / "a.csv"), pd.read_csv(folder / "b.csv"), told


def said(engine: str, a: Any, y: np.ndarray, b: Any, task: str) -> np.ndarray:
    """What a model with fixed settings says of the rows held out."""
    import lightgbm
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    a, b = a.copy(), b[a.columns].copy()
    a.columns = b.columns = [re.sub(r"\W", "_", str(c)) + f"_{i}" for i, c in enumerate(a.columns)]
    words = [c for c in a if not pd.api.types.is_numeric_dtype(a[c]) and not pd.api.types.is_bool_dtype(a[c])]
    texts = [c for c in words if a[c].nunique() > 0.5 * len(a)]  # names and notes are no categories
    a, b, words = a.drop(columns=texts), b.drop(columns=texts), [c for c in words if c not in texts]
    numbers = [c for c in a if c not in words]
    a[numbers], b[numbers] = a[numbers].astype(float), b[numbers].apply(pd.to_numeric, errors="coerce").astype(float)
    classes = task != "regression"
    if engine == "boosted":
        for c in words:
            levels = sorted(a[c].dropna().astype(str).unique())
            for frame in (a, b):
                frame[c] = pd.Categorical(frame[c].astype(str).where(frame[c].notna()), categories=levels)
        kind = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
        made: Any = kind(
            n_estimators=200, learning_rate=0.05, num_leaves=15, min_child_samples=20, subsample=0.9, subsample_freq=1,
            colsample_bytree=0.8, random_state=0, n_jobs=1, verbose=-1,
        ).fit(a, y)  # fmt: skip
    else:
        a[words], b[words] = a[words].astype(object), b[words].astype(object)
        low, high = a[numbers].quantile(0.001), a[numbers].quantile(0.999)
        a[numbers], b[numbers] = a[numbers].clip(low, high, axis=1), b[numbers].clip(low, high, axis=1)
        kept = [c for c in numbers if a[c].notna().any()]
        columns = make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), kept),
            (
                make_pipeline(
                    SimpleImputer(strategy="constant", fill_value="?"),
                    OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10),
                ),
                words,
            ),
        )
        made = make_pipeline(columns, LogisticRegression(max_iter=2000, C=0.3) if classes else Ridge(1.0)).fit(a, y)
    return np.asarray(made.predict_proba(b)[:, 1] if classes else made.predict(b), float)


def score(truth: np.ndarray, told: np.ndarray, task: str) -> float:
    """AUC or R²."""
    from sklearn.metrics import r2_score, roc_auc_score

    return float(r2_score(truth, told) if task == "regression" else roc_auc_score(truth, told))


def gain(truth: list[np.ndarray], before: list[np.ndarray], after: list[np.ndarray], task: str) -> dict[str, float]:
    """Mean score of the folds with and without, and the 95 % interval of the gain over redrawn held-out rows."""
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(300):
        steps = []
        for y, p, q in zip(truth, before, after, strict=True):
            rows = rng.integers(0, len(y), len(y))
            if task == "regression" or 0 < y[rows].mean() < 1:
                steps.append(score(y[rows], q[rows], task) - score(y[rows], p[rows], task))
        drawn.append(np.mean(steps))
    was = float(np.mean([score(y, p, task) for y, p in zip(truth, before, strict=True)]))
    now = float(np.mean([score(y, q, task) for y, q in zip(truth, after, strict=True)]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"raw": round(was, 4), "score": round(now, 4), "gain": round(now - was, 4),
            "low": round(float(low), 4), "high": round(float(high), 4)}  # fmt: skip


def measured(table: str, peers: list[str], folds: int, budget: float, venvs: Path | None) -> dict[str, Any]:
    """Every tool on the same folds of one table."""
    from sklearn.model_selection import KFold, StratifiedKFold

    x, y, task = features_tables.load(table)
    truth_of = y.to_numpy()
    split = (KFold if task == "regression" else StratifiedKFold)(3, shuffle=True, random_state=1)
    held = list(split.split(x, truth_of if task != "regression" else None))[:folds]
    truth = [truth_of[test] for _, test in held]
    raw = {e: [said(e, x.iloc[a], truth_of[a], x.iloc[b], task) for a, b in held] for e in ("boosted", "linear")}
    told: dict[str, Any] = {"rows": len(x), "columns": x.shape[1], "task": task, "folds": len(held), "budget": budget,
                            "load": round(os.getloadavg()[0], 1), "peers": {}}  # fmt: skip
    for peer in peers:
        python = (
            sys.executable if peer == "opsmith" or venvs is None else str(venvs / f"features-{peer}" / "bin" / "python")
        )
        after: dict[str, list[np.ndarray]] = {"boosted": [], "linear": []}
        runs, added = [], []
        for a, b in held:
            train, test, run = made_by(peer, x.iloc[a], truth_of[a], x.iloc[b], task, budget, python)
            runs.append(run)
            added.append(len(run["models"]) if peer == "opsmith" else train.shape[1] - x.shape[1])
            for engine in after:
                out = [n for n, models in run["models"].items() if engine not in models]  # helps the other model only
                after[engine].append(said(engine, train.drop(columns=out), truth_of[a], test.drop(columns=out), task))
        seconds = [r["seconds"] for r in runs if r["seconds"] is not None]
        told["peers"][peer] = {
            **{e: gain(truth, raw[e], after[e], task) for e in after},
            "seconds": float(np.median(seconds)) if seconds else None, "added": int(np.median(added)),
            "why": sorted({r["why"] for r in runs if "why" in r}), "versions": runs[-1].get("versions", {}),
        }  # fmt: skip
        print(table, peer, json.dumps(told["peers"][peer]), flush=True)
    return told


def summary(found: dict[str, Any]) -> str:
    """Everything measured as Markdown: one row a table and tool, and how often each was best or tied."""
    lines = ["# Feature tools side by side", ""]
    lines += [
        "Held-out scores (AUC or R²) of a boosted and of a linear model, mean of the folds; gain over the table as it is with a "
        "95 % interval (paired bootstrap of the held-out rows).", ""
    ]  # fmt: skip
    lines += [
        "| table | tool | boosted | gain | linear | gain | columns added | seconds a fold | |",
        "|---|---|--:|---|--:|---|--:|--:|---|",
    ]
    best: dict[str, dict[str, int]] = {
        p: dict.fromkeys(("boosted", "linear", "either", "near", "worse"), 0) for p in PEERS
    }
    for table, t in found.items():
        name = f"{table} ({t['rows']:,} × {t['columns']})"
        for i, (peer, r) in enumerate(t["peers"].items()):
            cells = []
            for engine in ("boosted", "linear"):
                g = r[engine]
                cells += [f"{g['score']:.4f}", f"{g['gain']:+.4f} ({g['low']:+.4f} to {g['high']:+.4f})"]
                top = max([other[engine]["score"] for other in t["peers"].values()] + [g["raw"]])
                best[peer][engine] += g["score"] >= top - TIED
                first = max((other[engine] for other in t["peers"].values()), key=lambda o: o["score"])
                best[peer]["near"] += g["score"] >= top - TIED or g["gain"] >= first["low"]
            best[peer]["either"] += _better(r) >= max(_better(other) for other in t["peers"].values()) - TIED
            best[peer]["worse"] += r["boosted"]["gain"] < -TIED
            if not i:
                how = f"{t['folds']} folds, {t['budget']:.0f} s"
                lines.append(
                    f"| {name} | as it is | {r['boosted']['raw']:.4f} | | {r['linear']['raw']:.4f} | | | | {how} |"
                )
            seconds = "" if r["seconds"] is None else f"{r['seconds']:.1f}"
            lines.append(f"| | {peer} | {' | '.join(cells)} | {r['added']} | {seconds} | {'; '.join(r['why'])} |")
    heads = [f"of {len(found)} tables", f"boosted: best or within {TIED}", f"linear: best or within {TIED}"]
    heads.append(f"its better model: best or within {TIED}")
    heads.append("within the interval of the best one's gain, of both models")
    heads.append(f"boosted: worse than the table as it is by more than {TIED}")
    lines += ["", f"| {' | '.join(heads)} |", "|---|--:|--:|--:|--:|--:|"]
    for p, b in best.items():
        lines.append(
            f"| {p} | {b['boosted']} | {b['linear']} | {b['either']} | {b['near']} of {2 * len(found)} | {b['worse']} |"
        )
    loads = ", ".join(f"{t}: {v['load']}" for t, v in found.items())
    return "\n".join([*lines, "", f"Load of the machine (2 cores) when each table began: {loads}.", ""])


def _better(run: dict[str, Any]) -> float:
    """The held-out score of the better of the two models with a tool's features."""
    return max(float(run[e]["score"]) for e in ("boosted", "linear"))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--tables", nargs="+", default=list(features_tables.NAMES))
    asked.add_argument("--peers", nargs="+", default=list(PEERS))
    asked.add_argument("--folds", type=int, default=2)
    asked.add_argument("--budget", type=float, default=30.0)
    asked.add_argument("--venvs", type=Path)
    asked.add_argument("--report", action="store_true")
    o = asked.parse_args()
    found = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for table in [] if o.report else o.tables:
        told = measured(table, o.peers, o.folds, o.budget, o.venvs)
        known = found.get(table, {})
        if all(known.get(k) == told[k] for k in ("rows", "columns", "folds", "budget")):  # measured on the same folds
            told["peers"] = known["peers"] | told["peers"]
        found[table] = told
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    RESULTS.with_suffix(".md").write_text(summary(found), encoding="utf-8")
    print(summary(found))


if __name__ == "__main__":
    main()
