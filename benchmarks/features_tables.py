"""The real tables of the feature benchmark: files of the shared data folder, and sets that come with scikit-learn."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

DATA = Path(os.environ.get("OPSMITH_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))

# name -> (file, options of read_csv, target, the value that counts as yes or None for a quantity, columns left out)
FILES: dict[str, tuple[str, dict[str, Any], str, Any, tuple[str, ...]]] = {
    "insurance_charges": ("insurance/insurance_charges.csv", {}, "charges", None, ()),
    "telco_churn": ("tabular/telco_churn.csv", {"na_values": " "}, "Churn", "Yes", ("customerID",)),
    "credit_scoring": ("tabular/credit_scoring.csv", {}, "Status", "bad", ()),
    "bank_marketing": ("tabular/bank_marketing_semicolon.csv", {"sep": ";"}, "y", "yes", ("duration",)),
    "titanic": ("tabular/titanic.csv", {}, "survived", 1, ()),
    "policy_notes": ("insurance/crafted_policy_notes.csv", {}, "had_claim", 1, ("policy_id", "claim_amount")),
    "bodily_injury": ("insurance/auto_bodily_injury.csv", {}, "LOSS", None, ("CASENUM",)),
    "singapore_auto": ("insurance/singapore_auto.csv", {}, "Clm_Count", "positive", ()),
}
BUNDLED = ("diabetes", "breast_cancer")
NAMES = (*FILES, *BUNDLED)


def load(name: str) -> tuple[Any, Any, str]:
    """The columns, the outcome (0/1 or a quantity) and the task of a table."""
    import pandas as pd

    if name in BUNDLED:
        from sklearn import datasets

        if name == "diabetes":
            bundle = datasets.load_diabetes(as_frame=True, scaled=False)
            return bundle.data, bundle.target, "regression"
        bundle = datasets.load_breast_cancer(as_frame=True)
        return bundle.data.rename(columns=lambda c: c.replace(" ", "_")), bundle.target, "binary"
    file, options, target, yes, out = FILES[name]
    frame = pd.read_csv(DATA / file, **options)
    frame = frame[frame[target].notna()].reset_index(drop=True)
    x = frame.drop(columns=[target, *out])
    if yes is None:
        return x, frame[target].astype(float), "regression"
    return x, (frame[target] > 0 if yes == "positive" else frame[target] == yes).astype(int), "binary"
