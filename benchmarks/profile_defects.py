"""One table with 20 planted defects: which of them does a profiler name by itself?

    python benchmarks/profile_defects.py                                # Opsmith
    VENV/bin/python benchmarks/profile_defects.py --peer ydata          # fg-data-profiling, in an environment of its own
    VENV/bin/python benchmarks/profile_defects.py --peer skrub

A defect is named when an alert (Opsmith: a finding) of a fitting kind concerns its column, or the table. skrub's report has
no alerts; what it marks (columns with nulls, strong associations, a constant column) is counted where it names the column.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

sys.path = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]
warnings.filterwarnings("ignore")

# defect: (column, or "" for the table; kinds of Opsmith; alerts of fg-data-profiling)
PLANTED = {
    "constant": ("const", "constant", "CONSTANT"),
    "near constant (99.9 %)": ("near_const", "near_constant", "IMBALANCE"),
    "duplicate rows (2 %)": ("", "duplicates near_duplicates", "DUPLICATES NEAR_DUPLICATES"),
    "duplicated column": ("amount_copy", "duplicated_column redundant", "HIGH_CORRELATION"),
    "target leak": ("leak", "leak", ""),
    "unique id": ("row_id", "id key_violated", "UNIQUE"),
    "sentinel -999 in 3 %": ("age", "hidden_missing", ""),
    "mixed types": ("mixed", "mixed_types hidden_missing", "UNSUPPORTED"),
    "case and blank variants of one level": ("city", "variants padded", ""),
    "dates as text": ("date_text", "dates_as_text mixed_dates", ""),
    "numbers as text": ("num_text", "numbers_as_text", ""),
    "e-mail and phone in text": ("note", "pii", ""),
    "60 % missing": ("mostly_missing", "missing", "MISSING"),
    "outliers x1000 in 0.1 %": ("amount", "outliers", "SKEWED"),
    "strong skew": ("skewed", "skewed outliers", "SKEWED"),
    "rare class (1 %)": ("target", "imbalance", "IMBALANCE"),
    "conflicting labels": ("target", "conflicting_labels", ""),
    "dates in the future": ("when", "future_dates", ""),
    "placeholder '?' as a value": ("job", "hidden_missing", ""),
    "infinite values": ("ratio", "infinite", "INFINITE"),
}


def table(n: int = 20_000, seed: int = 5):
    """The table as a DataFrame."""
    import pandas as pd

    r = np.random.default_rng(seed)
    y = (r.random(n) < 0.01).astype("int64")
    amount = np.where(r.random(n) < 0.001, 1e5, 1.0) * r.gamma(4, 25, n)
    d = pd.DataFrame({
        "row_id": np.arange(n), "const": 1, "near_const": np.where(r.random(n) < 0.001, "b", "a"), "amount": amount,
        "leak": y + r.normal(0, 0.01, n), "age": np.where(r.random(n) < 0.03, -999, r.integers(18, 90, n)),
        "mixed": pd.Series(np.where(r.random(n) < 0.5, "n/a", "x"), dtype=object).where(r.random(n) < 0.5, "12"),
        "city": r.choice(["Paris", "paris", "PARIS ", "Rome", "rome", "Oslo"], n),
        "date_text": pd.Series(pd.date_range("2020-01-01", periods=n, freq="h")).dt.strftime("%d.%m.%Y"),
        "num_text": [f"{v:,.2f}" for v in r.gamma(2, 1000, n)],
        "note": [
            f"call {i % 97:03d} 555 {i % 9973:04d} or user{i}@example.com" if i % 7 == 0 else "all fine today"
            for i in range(n)
        ],
        "mostly_missing": np.where(r.random(n) < 0.6, np.nan, r.normal(size=n)), "skewed": np.exp(r.normal(0, 2.5, n)),
        "when": pd.to_datetime(np.where(r.random(n) < 0.001, "2099-01-01", "2024-05-01"))
        + pd.to_timedelta(r.integers(0, 300, n), "D"),
        "job": r.choice(["clerk", "nurse", "driver", "?"], n), "ratio": np.where(r.random(n) < 0.001, np.inf, r.random(n)),
        "plain": r.normal(size=n), "target": y,
    })  # fmt: skip
    d["amount_copy"] = d.amount
    return pd.concat(
        [d, d.sample(n // 50, random_state=1), d.sample(200, random_state=2).assign(target=lambda q: 1 - q.target)],
        ignore_index=True,
    )


def opsmith(d) -> list[tuple[str, tuple[str, ...]]]:
    from opsmith.tools.contract import Context
    from opsmith.tools.profile import profile

    with tempfile.TemporaryDirectory() as folder:
        d.to_parquet(Path(folder) / "t.parquet", index=False)
        found = profile(dataset="t.parquet", target="target", context=Context(project=Path(folder))).findings
    return [(f.id, f.columns) for f in found]


def ydata(d) -> list[tuple[str, tuple[str, ...]]]:
    from data_profiling import ProfileReport

    alerts = ProfileReport(d, progress_bar=False).get_description().alerts
    return [
        (str(a.alert_type_name).upper().replace(" ", "_"), (str(a.column_name),) if a.column_name else ())
        for a in alerts
    ]


def skrub(d) -> list[tuple[str, tuple[str, ...]]]:
    from skrub import TableReport

    told = json.loads(TableReport(d, verbose=0).json())
    found = []
    for c in told["columns"]:
        if c.get("value_is_constant"):
            found.append(("CONSTANT", (c["name"],)))
        if c.get("nulls_level") in ("warning", "critical"):
            found.append(("MISSING", (c["name"],)))
    for a in told.get("top_associations") or []:
        if a.get("cramer_v", 0) > 0.9:
            found.append(("HIGH_CORRELATION", (a["left_column_name"], a["right_column_name"])))
    return found


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--peer", choices=("opsmith", "ydata", "skrub"), default="opsmith")
    peer = given.parse_args().peer
    found = {"opsmith": opsmith, "ydata": ydata, "skrub": skrub}[peer](table())
    named, missed = [], []
    for defect, (column, ours, theirs) in PLANTED.items():
        kinds = set((ours if peer == "opsmith" else theirs).split())
        hit = any(kind in kinds and (not column or column in columns) for kind, columns in found)
        (named if hit else missed).append(defect)
    print(
        json.dumps({"peer": peer, "named": len(named), "of": len(PLANTED), "missed": missed, "told": found}, indent=1)
    )


if __name__ == "__main__":
    main()
