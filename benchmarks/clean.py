"""Measure cleaning: rows a second for each step on a big table, and what cleaned text does to a plain text model.

python benchmarks/clean.py speed [ROWS]          one step after the other on ROWS x 10 cells of mixed defects
python benchmarks/clean.py reviews FILE [FILE..] 5-fold AUC of TF-IDF + logistic regression, raw against cleaned text
python benchmarks/clean.py entities              precision and recall on the labelled rows of the tests
"""

# ruff: noqa: E501

from __future__ import annotations

import json
import resource
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


def speed(rows: int) -> list[dict[str, Any]]:
    """Rows a second of each step alone, reading and writing included, and the process's peak memory so far."""
    import pyarrow.parquet as pq

    from opsmith.tools.compute.recipe_run import Stage, run_recipe, stage_rows

    told = []
    with tempfile.TemporaryDirectory() as folder:
        make_table(rows, Path(folder) / "raw.parquet")
        source = Path(folder) / "source.parquet"
        with pq.ParquetFile(Path(folder) / "raw.parquet") as file:
            import pyarrow as pa

            reader = pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(50_000))
            stage_rows(reader, source, lambda: None, lambda fraction, note: None)
        for step in STEPS:
            stage, target = Stage(source), Path(folder) / "out.parquet"
            began = time.perf_counter()
            run = run_recipe(stage, Recipe("bench", (step,)), lambda target=target: target)
            seconds = time.perf_counter() - began
            ledger = run.ledgers[0]
            told.append({
                "step": step.step, "columns": len(step.columns) or 10, "options": {k: v for k, v in step.options.items() if k != "mapping"},
                "rows_per_second": round(rows / seconds), "seconds": round(seconds, 1), "cells": ledger.changed, "removed": ledger.removed,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            })  # fmt: skip
            print(json.dumps(told[-1]), flush=True)
            run.after.close()
            stage.close()
    return told


def reviews(names: list[str]) -> None:
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
            print(
                f"{Path(name).name:30s} {arm:24s} rows {len(column):5d}  AUC {np.mean(aucs):.4f} (sd over 5 shuffles {np.std(aucs):.4f})  F1 {np.mean(f1s):.4f}"
            )


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


if __name__ == "__main__":
    what = sys.argv[1] if len(sys.argv) > 1 else "speed"
    if what == "speed":
        speed(int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
    elif what == "reviews":
        reviews(sys.argv[2:])
    else:
        entities()
