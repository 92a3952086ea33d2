"""Measure cleaning: rows a second for each step on a big table, and what cleaned text does to a plain text model.

python benchmarks/clean.py speed [ROWS]          one step after the other on ROWS x 10 cells of mixed defects
python benchmarks/clean.py peers [ROWS]          the same repairs by hand in pandas, side by side, as ratios
python benchmarks/clean.py reviews FILE [FILE..] 5-fold AUC of TF-IDF + logistic regression, raw against cleaned text
python benchmarks/clean.py entities              precision and recall on the labelled rows of the tests
"""

# ruff: noqa: E501

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from opsmith.tools.compute.recipe import Recipe, Step

STEPS = (
    Step("trim", ("customer", "city")),
    Step("missing", ("age",), {"tokens": ["?", "n/a", "unknown"]}),
    Step("missing", ("temperature",), {"values": [-999]}),
    Step("cast", ("amount",), {"to": "number"}),
    Step("cast", ("signup",), {"to": "date", "day_first": True}),
    Step("cast", ("active",), {"to": "boolean"}),
    Step("map_values", ("city",), {"mapping": {"BERLIN": "Berlin", "berlin": "Berlin", "Berlni": "Berlin"}}),
    Step("fix_text", ("review",)),
    Step("strip_html", ("review",)),
    Step("abbreviations", ("review",)),
    Step("repeats", ("review",)),
    Step("punctuation", ("review",)),
    Step("spelling", ("review",)),
    Step("mask_pii", ("review",)),
    Step("entities", ("review",)),
    Step("impute", ("temperature",), {"method": "median"}),
    Step("impute", ("temperature",), {"method": "median", "by": ["city"]}),
    Step("outliers", ("temperature",), {"action": "clip"}),
    Step("dedupe", (), {"method": "exact"}),
    Step("dedupe", (), {"method": "loose"}),
    Step("dedupe", ("customer",), {"method": "fuzzy"}),
    Step("embed", ("review",), {"method": "hashed", "dimensions": 64}),
)


def make_table(rows: int, target: Path) -> None:
    """A Parquet file of ten columns with mixed defects, by seed 0."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    chance = np.random.default_rng(0)
    pick = lambda words: np.array(words, dtype=object)[chance.integers(0, len(words), rows)]  # noqa: E731
    number = np.arange(rows)
    days, months = chance.integers(1, 29, rows), chance.integers(1, 13, rows)
    money = chance.uniform(1, 9999, rows)
    starts = pick(
        [
            "Great phone, luv it",
            "Thx 4 ur help",
            "It broke after 2 weeks<br />",
            "Soooo bad !!",
            "I recieved teh wrong item",
            "Works,fine .",
        ]
    )
    ends = pick(
        [
            "will buy again.",
            "call 212-555-0136",
            "write to ann@example.org",
            "Not good at all",
            "spoke with Maria in Paris",
            "order #A1234",
        ]
    )
    columns = {
        "id": number,
        "customer": [
            f"{name}{n % (rows // 2 + 1)}"
            for name, n in zip(pick([" Ann  Lee ", "José Ruiz ", "Li Wei "]), number, strict=True)
        ],
        "city": pick(["Berlin", "BERLIN", "berlin", "Paris", "Rome", "Oslo", "Berlni", " Rome"]),
        "signup": [
            f"{d}/{m}/2024" if n % 3 else f"2024-{m:02d}-{d:02d}" for d, m, n in zip(days, months, number, strict=True)
        ],
        "amount": [f"${v:,.2f}" if n % 2 else f"{v:.2f}" for v, n in zip(money, number, strict=True)],
        "active": pick(["yes", "no", "Y", "N", "true", "0"]),
        "age": pick(["34", "51", "?", "n/a", "27", "unknown"]),
        "temperature": [
            None if u < 0.05 else -999.0 if u < 0.07 else v
            for u, v in zip(chance.random(rows), chance.normal(20, 5, rows), strict=True)
        ],
        "status": pick(["open", "closed"]),
        "review": [f"{a} {n} {b}" for a, n, b in zip(starts, number, ends, strict=True)],
    }
    pq.write_table(
        pa.table({k: list(v) if isinstance(v, np.ndarray) and v.dtype == object else v for k, v in columns.items()}),
        target,
    )


def apart(function: str, *words: str) -> Any:
    """Run one function of this file in a process of its own, so that its memory is its own; what it prints last as JSON."""
    done = subprocess.run([sys.executable, __file__, function, *words], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def peak_mb() -> int:
    """The most memory this process held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def told_progress(fraction: float | None, note: str) -> None:
    """A bar on standard error, drawn over itself."""
    bar = "#" * round(30 * (fraction or 0))
    print(f"\r[{bar:<30}] {note:<70.70}", end="", file=sys.stderr, flush=True)


def stage(raw: Path, target: Path) -> None:
    """The table as a cleaning keeps it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from opsmith.tools.compute.recipe_run import stage_rows

    with pq.ParquetFile(raw) as file:
        reader = pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(50_000))
        stage_rows(reader, target, lambda: None, lambda fraction, note: None)


def one_step(number: str, source: str) -> None:
    """One step over a staged table: rows a second, reading and writing included, and the peak memory."""
    from opsmith.tools.compute.recipe_run import Stage, run_recipe

    step, stage_of = STEPS[int(number)], Stage(Path(source))
    target = Path(source).with_name("out.parquet")
    began = time.perf_counter()
    run = run_recipe(stage_of, Recipe("bench", (step,)), lambda: target, progress=told_progress)
    seconds = time.perf_counter() - began
    ledger = run.ledgers[0]
    print(json.dumps({
        "step": step.step, "options": {k: v for k, v in step.options.items() if k != "mapping"},
        "rows_per_second": round(stage_of.rows / seconds), "seconds": round(seconds, 1), "cells": ledger.changed,
        "removed": ledger.removed, "peak_mb": peak_mb(),
    }))  # fmt: skip


def speed(rows: int, first: int = 0, last: int = 99) -> dict[str, Any]:
    """Each step alone (or those from first to last) on `rows` rows of ten columns, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        raw, source = Path(folder) / "raw.parquet", Path(folder) / "source.parquet"
        make_table(rows, raw)
        stage(raw, source)
        return {"rows": rows, "steps": [apart("one_step", str(n), str(source)) for n in range(len(STEPS))[first:last]]}


def whole_recipe(path: str, output: str) -> None:
    """Look, propose and clean as `clean FILE` does; seconds and peak memory."""
    from opsmith.tools.clean import clean
    from opsmith.tools.contract import Context

    began = time.perf_counter()
    context = Context(Path(path).parent, progress=told_progress)
    made = clean(Path(path).name, output=output, context=context)
    seconds = time.perf_counter() - began
    rows = made.data["rows_before"]
    print(json.dumps({
        "rows": rows, "seconds": round(seconds, 1), "rows_per_second": round(rows / seconds), "peak_mb": peak_mb(),
        "steps": len(made.data["steps"]), "cells": made.data["cells_changed"], "removed": made.data["rows_removed"],
    }))  # fmt: skip


def by_hand(path: str, output: str) -> None:
    """The same repairs as a careful person writes them in pandas, whole table in memory; seconds and peak memory."""
    import pandas as pd

    began = time.perf_counter()
    t = pd.read_parquet(path)
    for column in ("customer", "city"):
        t[column] = t[column].str.strip().str.replace(r"\s+", " ", regex=True)
    t["age"] = pd.to_numeric(t["age"].replace({"?": None, "n/a": None, "unknown": None}))
    t["temperature"] = t["temperature"].mask(t["temperature"] == -999)
    t["amount"] = pd.to_numeric(t["amount"].str.replace(r"[$,]", "", regex=True))
    t["signup"] = pd.to_datetime(t["signup"], format="mixed", dayfirst=True)
    t["active"] = t["active"].str.lower().isin(["yes", "y", "true", "1"])
    t["city"] = t["city"].replace({"BERLIN": "Berlin", "berlin": "Berlin", "Berlni": "Berlin"})
    words = {"luv": "love", "thx": "thanks", "4": "for", "ur": "your"}
    review = t["review"].str.replace(r"<[^>]+>", " ", regex=True).str.replace(r"([a-z])\1{2,}", r"\1\1", regex=True)
    review = review.str.replace(r"\b(luv|thx|ur)\b", lambda m: words[m.group().lower()], regex=True, case=False)
    t["review"] = review.str.replace(r"\s+([,.!?])", r"\1", regex=True).str.replace(r"\s+", " ", regex=True)
    t["temperature"] = t["temperature"].fillna(t["temperature"].median())
    t["age"] = t["age"].fillna(t["age"].median())
    before = len(t)
    t = t.drop_duplicates()
    t.to_parquet(output)
    seconds = time.perf_counter() - began
    print(
        json.dumps(
            {
                "rows": before,
                "seconds": round(seconds, 1),
                "rows_per_second": round(before / seconds),
                "peak_mb": peak_mb(),
            }
        )
    )


def peers(rows: int, times: int = 3) -> dict[str, Any]:
    """The proposed recipe against pandas by hand on the same file, each in a process of its own, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.parquet"
        make_table(rows, raw)
        ours, hand = [], []
        for _ in range(times):
            hand.append(apart("by_hand", str(raw), str(Path(folder) / "hand.parquet")))
            ours.append(apart("whole_recipe", str(raw), "clean.parquet"))
    middle = lambda runs, what: sorted(r[what] for r in runs)[times // 2]  # noqa: E731
    return {
        "rows": rows, "opsmith": ours, "pandas by hand": hand,
        "seconds, opsmith to pandas": round(middle(ours, "seconds") / middle(hand, "seconds"), 2),
        "peak memory, opsmith to pandas": round(middle(ours, "peak_mb") / middle(hand, "peak_mb"), 2),
    }  # fmt: skip


def reviews(names: list[str]) -> list[dict[str, Any]]:
    """5-fold AUC and F1 of TF-IDF + logistic regression on raw and on cleaned text, same folds."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score, roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    from opsmith.tools.compute import text as texts
    from opsmith.tools.compute.steps.spacing import trimmed
    from opsmith.tools.compute.text_abbreviations import spell_out

    found = []
    for name in names:
        raw, labels = _labelled(Path(name))
        default, full = [], []
        for text in raw:
            for function in (texts.fixed, trimmed, texts.without_html, spell_out, texts.unstretched, texts.punctuated):
                text = function(text)
            default.append(text)
            full.append(texts.expanded(text))
        for arm, column in (("raw", raw), ("cleaned", default), ("cleaned + contractions", full)):
            aucs, f1s = [], []
            for seed in range(5):
                folds = StratifiedKFold(5, shuffle=True, random_state=seed)
                model = make_pipeline(
                    TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)), LogisticRegression(max_iter=1000, C=10)
                )
                score = cross_val_predict(model, column, labels, cv=folds, method="predict_proba")[:, 1]
                aucs.append(roc_auc_score(labels, score))
                f1s.append(f1_score(labels, score > 0.5))
            found.append({
                "data": Path(name).name, "text": arm, "rows": len(column), "auc": round(float(np.mean(aucs)), 4),
                "auc_sd": round(float(np.std(aucs)), 4), "f1": round(float(np.mean(f1s)), 4), "f1_sd": round(float(np.std(f1s)), 4),
            })  # fmt: skip
            print(json.dumps(found[-1]), flush=True)
    return found


def _labelled(path: Path) -> tuple[list[str], Any]:
    import numpy as np

    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
        return [r["review"] for r in rows], np.array([r["score"] == "great" for r in rows], dtype=int)
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if "\t" in line]
    if path.suffix == ".tsv":
        first = {
            text: label for label, text, *_ in lines[1:]
        }  # repeated messages would stand in train and test at once
        return list(first), np.array([label == "spam" for label in first.values()], dtype=int)
    return [t for t, _ in lines], np.array([int(label) for _, label in lines])


def entities() -> None:
    """Exact-match precision and recall on tests/data/entities_labelled.jsonl."""
    from opsmith.tools.compute.entities import Gazetteer, entities_in

    own = Gazetteer.of("product", ["AeroPress Go", "Nimbus 3000", "TrailLite Tent"])
    lines = (Path(__file__).parents[1] / "tests/data/entities_labelled.jsonl").read_text(encoding="utf-8").split("\n")
    right, found, gold = Counter[str](), Counter[str](), Counter[str]()
    for row in (json.loads(line) for line in lines if line):
        a = Counter((e.type, e.text) for e in entities_in(row["text"], [own]))
        b = Counter((k, t) for k, t in row["entities"])
        for counter, pairs in ((right, a & b), (found, a), (gold, b)):
            for (kind, _), count in pairs.items():
                counter[kind] += count
    for kind in sorted(gold | found):
        print(f"{kind:14s} precision {right[kind]}/{found[kind]}  recall {right[kind]}/{gold[kind]}")
    print(f"all            precision {right.total() / found.total():.3f}  recall {right.total() / gold.total():.3f}")


def kept(what: str, figures: Any) -> None:
    """Write the figures to results/clean.json under their name, with the machine's load."""
    path = Path(__file__).parent / "results" / "clean.json"
    told = json.loads(path.read_text()) if path.exists() else {}
    told[what] = {"load": round(os.getloadavg()[0], 1), "cores": os.cpu_count(), "figures": figures}
    path.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    what, *words = sys.argv[1:] or ["speed"]
    if what in ("one_step", "whole_recipe", "by_hand"):
        {"one_step": one_step, "whole_recipe": whole_recipe, "by_hand": by_hand}[what](*words)
    elif what in ("speed", "peers"):
        numbers = [int(w) for w in words] or [1_000_000]
        kept(" ".join([what, *words]), {"speed": speed, "peers": peers}[what](*numbers))
    elif what == "reviews":
        for name in words:
            kept(f"reviews {Path(name).name}", reviews([name]))
    else:
        entities()
