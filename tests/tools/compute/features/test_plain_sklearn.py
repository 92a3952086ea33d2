"""Components as scikit-learn's own parts: the same numbers, and a file that needs nothing of this project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from opsmith.tools.compute.features.plain_sklearn import as_sklearn
from opsmith.tools.compute.features.transformer import FeatureTransformer, save


def table(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, 4)) * [1, 10, 100, 0], columns=["a", "b", "c d", "flat"])
    frame["a"] += frame["b"]
    return frame.mask(rng.random(frame.shape) < 0.1)


def fitted() -> FeatureTransformer:
    columns = "a, b, `c d`, flat"
    made = FeatureTransformer(
        [[f"pc{i}", f"component({i}, {columns})"] for i in (1, 2)],
        dict.fromkeys(table(1, 0), "number"),
        "regression",
        False,
        0,
    )
    made.fit(table(200, 1))
    return made


def test_it_computes_the_same_on_unseen_rows_with_missing_values() -> None:
    made = fitted()
    plain = as_sklearn(made)
    for fresh in (table(50, 2), table(1, 3)):
        np.testing.assert_allclose(plain.transform(fresh), made.transform(fresh).to_numpy(float), atol=1e-9)


def test_its_file_loads_without_this_project(tmp_path: Path) -> None:
    made = fitted()
    save(as_sklearn(made), tmp_path / "pca.skops")
    table(20, 4).to_csv(tmp_path / "fresh.csv", index=False)
    code = (
        "import sys, skops.io, pandas; sys.modules['opsmith'] = None\n"
        "plain = ['numpy.dtype']\n"
        "assert set(skops.io.get_untrusted_types(file='pca.skops')) <= set(plain)\n"
        "made = skops.io.load('pca.skops', trusted=plain).transform(pandas.read_csv('fresh.csv'))\n"
        "pandas.DataFrame(made).to_csv('out.csv', index=False)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    out = pd.read_csv(tmp_path / "out.csv").to_numpy()
    np.testing.assert_allclose(out, made.transform(table(20, 4)).to_numpy(float), atol=1e-9)


def test_other_features_have_no_such_file() -> None:
    made = FeatureTransformer([["x", "a * b"]], {"a": "number", "b": "number"}, "regression", False, 0)
    made.fit(table(20, 0))
    assert as_sklearn(made) is None
