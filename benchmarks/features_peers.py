"""One feature tool on one training fold, in an environment of its own: reads train.csv and test.csv, writes a.csv and b.csv.

    python features_peers.py PEER FOLDER TASK BUDGET

FOLDER holds train.csv, test.csv (columns only) and y.csv (the outcome of the training rows, 0/1 or a quantity). Needs
pandas and the peer; `opsmith` needs Opsmith. Written beside: told.json with the seconds and the versions.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")
Pair = tuple[Any, Any]


def skrub(train: Any, y: Any, test: Any, task: str, folder: Path, budget: float) -> Pair:
    """The TableVectorizer with its defaults, which replaces the columns by its own."""
    from skrub import TableVectorizer

    made = TableVectorizer()
    return made.fit_transform(train, y), made.transform(test)


def featuretools(train: Any, y: Any, test: Any, task: str, folder: Path, budget: float) -> Pair:
    """Deep feature synthesis over one table: sums, differences, products and ratios of number columns."""
    import featuretools as ft

    def entity(frame: Any) -> Any:
        frame = frame.copy().reset_index(drop=True)
        frame.insert(0, "row_id", range(len(frame)))
        made = ft.EntitySet()
        return made.add_dataframe(dataframe_name="t", dataframe=frame, index="row_id")

    kinds = ["add_numeric", "multiply_numeric", "divide_numeric", "subtract_numeric"]
    known, features = ft.dfs(
        entityset=entity(train), target_dataframe_name="t", max_depth=1, trans_primitives=kinds, max_features=300
    )
    held = ft.calculate_feature_matrix(features, entity(test))
    infinite = [float("inf"), float("-inf")]
    return known.replace(infinite, float("nan")), held.replace(infinite, float("nan"))


def openfe(train: Any, y: Any, test: Any, task: str, folder: Path, budget: float) -> Pair:
    """Its defaults, the ten best features, as its documentation shows."""
    import pandas as pd
    from openfe import OpenFE, transform

    def coded(frame: Any, like: Any) -> Any:
        frame = frame.copy().reset_index(drop=True)
        for c in like:
            if not pd.api.types.is_numeric_dtype(like[c]):
                levels = sorted(like[c].dropna().astype(str).unique())
                frame[c] = pd.Categorical(frame[c].astype(str).where(frame[c].notna()), categories=levels)
        return frame

    a, b = coded(train, train), coded(test, train)
    found = OpenFE().fit(
        data=a, label=pd.DataFrame({"y": y.to_numpy()}), n_jobs=2, verbose=False,
        task="regression" if task == "regression" else "classification", tmp_save_path=str(folder / "openfe.feather"),
    )  # fmt: skip
    a2, b2 = transform(a, b, found[:10], n_jobs=2)
    a2 = a2.drop(columns=[c for c in a2 if c == "openfe_index"])
    return a2, b2[a2.columns]


def autofeat(train: Any, y: Any, test: Any, task: str, folder: Path, budget: float) -> Pair:
    """Its defaults (two steps) on the number columns, missing ones filled; the other columns stay as they are."""
    import pandas as pd
    from autofeat import AutoFeatClassifier, AutoFeatRegressor

    numbers = [c for c in train if pd.api.types.is_numeric_dtype(train[c])]
    middle = train[numbers].median()
    a = train[numbers].fillna(middle).reset_index(drop=True)
    b = test[numbers].fillna(middle).reset_index(drop=True)
    kind = AutoFeatRegressor if task == "regression" else AutoFeatClassifier
    made = kind(verbose=0, feateng_steps=2, n_jobs=2)
    known, held = made.fit_transform(a, y.reset_index(drop=True)), made.transform(b)
    new = [c for c in known if c not in numbers]
    rest = [train.reset_index(drop=True), test.reset_index(drop=True)]
    return pd.concat([rest[0], known[new].reset_index(drop=True)], axis=1), pd.concat(
        [rest[1], held[new].reset_index(drop=True)], axis=1
    )


def opsmith(train: Any, y: Any, test: Any, task: str, folder: Path, budget: float) -> Pair:
    """A request for suggestions, then the transformer of what it found; which feature helps which model goes to told.json."""
    from opsmith.tools.compute.features.transformer import FeatureTransformer
    from opsmith.tools.contract import Context
    from opsmith.tools.features import features

    outcome = y if task == "regression" else y.map({0: "no", 1: "yes"})
    train.assign(outcome_=outcome.to_numpy()).to_csv(folder / "table.csv", index=False)
    context = Context(project=folder, settings={"features_seconds": budget})
    found = features("table.csv", target="outcome_", context=context)
    told = found.data["features"]
    if not told:
        return train, test
    (folder / "models.json").write_text(json.dumps({f["name"]: f["models"] for f in told}))
    kinds = found.data["columns"]
    made = FeatureTransformer([[f["name"], f["expression"]] for f in told], kinds, found.data["task"], True, 0)
    return made.fit_transform(train, outcome), made.transform(test)


PEERS = {f.__name__: f for f in (opsmith, openfe, featuretools, autofeat, skrub)}
_LIBRARIES = {"opsmith": ("scikit-learn", "pandas"), "openfe": ("openfe", "scikit-learn", "lightgbm", "pandas")}


def main() -> None:
    import pandas as pd

    peer, folder, task, budget = sys.argv[1], Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])
    train, test = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "test.csv")
    for c in train:  # pandas 2 and 3 name text columns differently, and some tools know only the older name
        if not pd.api.types.is_numeric_dtype(train[c]):
            train[c], test[c] = train[c].astype(object), test[c].astype(object)
    y = pd.read_csv(folder / "y.csv")["y"]
    start = time.perf_counter()
    a, b = PEERS[peer](train, y, test, task, folder, budget)
    seconds = time.perf_counter() - start
    a.to_csv(folder / "a.csv", index=False)
    b.to_csv(folder / "b.csv", index=False)
    libraries = _LIBRARIES.get(peer, (peer, "scikit-learn", "pandas"))
    versions = {n: metadata.version(n) for n in libraries}
    (folder / "told.json").write_text(json.dumps({"seconds": round(seconds, 2), "versions": versions}))


if __name__ == "__main__":
    main()
