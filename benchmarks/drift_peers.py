"""The peers: each compares `ref` with another kind of the generated tables and yields what it calls drifted.

A column counts as found when the peer's own default decision says so. A generator yields "import", "load", "compute"
as it passes them, then a dict. Each peer runs in an environment of its own; see benchmarks/drift.py.
"""

from __future__ import annotations

import warnings

import drift_tables as C

warnings.filterwarnings("ignore")
ALL_CAT = [*C.CAT, *C.BOOL, "target"]


def two(kind, rows, cast=()):
    import pandas as pd

    a, b = (pd.read_parquet(C.path(k, rows)) for k in ("ref", kind))
    if cast:
        a, b = a.astype(dict.fromkeys(cast, "int64")), b.astype(dict.fromkeys(cast, "int64"))
    return a, b


def p_evidently(kind, rows, mode, out):
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    yield "import"
    a, b = two(kind, rows, ["target", "constant", "num_int_small"])
    yield "load"
    text = [] if mode == "notext" else C.TEXT
    dd = DataDefinition(numerical_columns=C.NUM, categorical_columns=ALL_CAT, text_columns=text)
    cols = [*C.NUM, *ALL_CAT, *text]
    r = Report([DataDriftPreset(columns=cols)]).run(
        Dataset.from_pandas(b, data_definition=dd), Dataset.from_pandas(a, data_definition=dd)
    )
    found, scores = [], {}
    for m in r.dict()["metrics"]:
        c = m["config"]
        if "column" not in c:
            continue
        v, t = float(m["value"]), c["threshold"]
        scores[c["column"]] = [c["method"], round(v, 4)]
        if (v < t) if "p_value" in c["method"] else (v >= t):
            found.append(c["column"])
    yield "compute"
    r.save_html(str(out / "r.html"))
    yield {"found": found, "scores": scores, "columns": len(cols), "libs": ["evidently", "pandas", "scikit-learn"]}


def p_nannyml(kind, rows, mode, out):
    import logging

    logging.disable(logging.WARNING)
    import nannyml as nml

    yield "import"
    a, b = two(kind, rows)
    yield "load"
    cols = [*C.NUM, *ALL_CAT]
    calc = nml.UnivariateDriftCalculator(column_names=cols, treat_as_categorical=ALL_CAT)
    calc.fit(a)
    df = calc.calculate(b).filter(period="analysis").to_df()
    found = [c for c in cols if df[c].xs("alert", axis=1, level=1).iloc[:, 0].mean() >= 0.5]
    extra = {}
    if mode == "full":
        mv = nml.MissingValuesCalculator(column_names=cols)
        mv.fit(a)
        d = mv.calculate(b).filter(period="analysis").to_df()
        hit = [c for c in cols if d[c]["alert"].mean() >= 0.5]
        found = sorted({*found, *hit})
        pca = nml.DataReconstructionDriftCalculator(column_names=[*C.NUM, *C.BOOL, "cat3", "cat10", "cat100"])
        pca.fit(a)
        e = pca.calculate(b).filter(period="analysis").to_df()
        extra["multivariate_alert"] = bool(e["reconstruction_error"]["alert"].mean() >= 0.5)
    yield "compute"
    yield {"found": found, "columns": len(cols), **extra, "libs": ["nannyml", "pandas", "scikit-learn"]}


def _codes(a, b, col):
    import numpy as np
    import pandas as pd

    lv, inv = np.unique(pd.concat([a[col], b[col]]).fillna("?").astype(str), return_inverse=True)
    return inv[: len(a)], inv[len(a) :], len(lv)


def p_alibi(kind, rows, mode, out):
    import numpy as np
    from alibi_detect.cd import TabularDrift

    yield "import"
    a, b = two(kind, rows)
    yield "load"
    cols = [*C.NUM, *ALL_CAT]
    xs, ys, cats = [], [], {}
    for i, c in enumerate(cols):
        if c in C.NUM:  # the detector takes no missing values: drop is not possible column-wise, fill with the median
            m = a[c].median()
            x, y = a[c].fillna(m).to_numpy(float), b[c].fillna(m).to_numpy(float)
        else:
            x, y, k = _codes(a, b, c)
            cats[i] = k
        xs.append(x)
        ys.append(y)
    cd = TabularDrift(np.column_stack(xs), p_val=0.05, categories_per_feature=cats)
    r = cd.predict(np.column_stack(ys), drift_type="feature")["data"]
    found = [c for c, f in zip(cols, r["is_drift"], strict=False) if f]
    yield "compute"
    yield {"found": found, "columns": len(cols), "libs": ["alibi-detect", "pandas", "scipy"]}


def p_frouros(kind, rows, mode, out):
    import numpy as np
    from frouros.detectors.data_drift import ChiSquareTest, KSTest

    yield "import"
    a, b = two(kind, rows)
    yield "load"
    cols, found = [*C.NUM, *ALL_CAT], []
    for c in cols:
        if c in C.NUM:
            d, x, y = KSTest(), a[c].dropna().to_numpy(float), b[c].dropna().to_numpy(float)
        else:
            d, x, y = ChiSquareTest(), np.array(a[c].astype(str)), np.array(b[c].astype(str))
        d.fit(X=x)
        if d.compare(X=y)[0].p_value < 0.05:
            found.append(c)
    yield "compute"
    yield {"found": found, "columns": len(cols), "libs": ["frouros", "pandas", "scipy"]}


def p_deepchecks(kind, rows, mode, out):
    from deepchecks.tabular import Dataset
    from deepchecks.tabular.checks import FeatureDrift, LabelDrift

    yield "import"
    a, b = two(kind, rows)
    yield "load"
    cat = [*C.CAT, *C.BOOL]
    drop = ["id", "constant", *C.DATE, *C.TEXT]
    da, db = (Dataset(x.drop(columns=drop), label="target", cat_features=cat) for x in (a, b))
    r = FeatureDrift().run(da, db)
    v = {k: float(x["Drift score"]) for k, x in r.value.items() if x["Drift score"] is not None}
    lab = LabelDrift().run(da, db).value["Drift score"]
    v["target"] = float(lab)
    found = [c for c, s in v.items() if s > 0.2]
    yield "compute"
    yield {
        "found": found,
        "scores": {k: round(s, 4) for k, s in v.items()},
        "columns": len(v),
        "libs": ["deepchecks", "pandas", "scikit-learn"],
    }


def p_whylogs(kind, rows, mode, out):
    import whylogs as why
    from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

    yield "import"
    a, b = two(kind, rows)
    yield "load"
    va, vb = why.log(a).view(), why.log(b).view()
    s = calculate_drift_scores(target_view=vb, reference_view=va, with_thresholds=True)
    found = [
        c
        for c, x in s.items()
        if x
        and str(x.get("drift_category")).endswith("DRIFT")
        and "NO_DRIFT" not in str(x.get("drift_category"))
        and "POSSIBLE" not in str(x.get("drift_category"))
    ]
    yield "compute"
    yield {
        "found": found,
        "columns": sum(x is not None for x in s.values()),
        "scores": {c: (x or {}).get("algorithm") for c, x in s.items()},
        "libs": ["whylogs", "pandas"],
    }


def p_scipy(kind, rows, mode, out):
    import numpy as np
    import pandas as pd
    from scipy.stats import chi2_contingency, ks_2samp

    yield "import"
    a, b = two(kind, rows)
    yield "load"
    p = {}
    for c in C.NUM:
        p[c] = ks_2samp(a[c].dropna(), b[c].dropna()).pvalue
    for c in ALL_CAT:
        t = pd.concat([a[c].value_counts(dropna=False), b[c].value_counts(dropna=False)], axis=1).fillna(0).to_numpy()
        p[c] = chi2_contingency(t.T, correction=False).pvalue
    k = list(p)
    if mode == "bh":
        o = np.argsort([p[c] for c in k])
        ok = [i for i, j in enumerate(o) if p[k[j]] <= 0.05 * (i + 1) / len(k)]
        found = [k[j] for j in o[: max(ok) + 1]] if ok else []
    else:
        found = [c for c in k if p[c] < 0.05]
    yield "compute"
    yield {"found": found, "columns": len(k), "libs": ["scipy", "pandas"]}


QS = [0.001, 0.01, *[i / 20 for i in range(1, 20)], 0.99, 0.999]  # equal-frequency bins plus the tails


def decide(hists, mode):
    """hists: {col: (ref counts, cur counts)} -> flagged columns.
    psi: PSI >= 0.1 (the usual rule of thumb).  test: chi-square on the bins, Benjamini-Hochberg at 1 %,
    and a floor on the effect size measured over what sampling alone would give."""
    import numpy as np
    from scipy.stats import chi2

    found, ps, eff = [], {}, {}
    for c, (x, y) in hists.items():
        x, y = np.asarray(x, float), np.asarray(y, float)
        if mode == "psi":
            p, q = (x + 0.5) / (x + 0.5).sum(), (y + 0.5) / (y + 0.5).sum()
            if ((p - q) * np.log(p / q)).sum() >= 0.1:
                found.append(c)
            continue
        n, m = x.sum(), y.sum()
        small = (x * m / n + y) < 10  # pool the rare bins, so that the chi-square holds
        if small.any():
            x, y = np.append(x[~small], x[small].sum()), np.append(y[~small], y[small].sum())
        keep = (x + y) > 0
        x, y = x[keep], y[keep]
        k1, k2 = np.sqrt(m / n), np.sqrt(n / m)
        stat = ((k1 * x - k2 * y) ** 2 / (x + y)).sum()
        df = max(1, len(x) - 1)
        ps[c] = chi2.sf(stat, df)
        eff[c] = max(0.0, stat - df) * (1 / n + 1 / m)  # bias-corrected, about PSI for small moves
    if mode == "psi":
        return found
    k = sorted(ps, key=ps.get)
    ok = [i for i, c in enumerate(k) if ps[c] <= 0.01 * (i + 1) / len(k)]
    return [c for c in k[: max(ok) + 1] if eff[c] >= 0.003] if ok else []


def _tables(pairs):
    keys = sorted({k for p in pairs for k in p}, key=str)
    return [[p.get(k, 0) for k in keys] for p in pairs]


def p_duckdb_hist(kind, rows, mode, out):
    import duckdb
    import numpy as np
    import scipy.stats  # noqa: F401

    yield "import"
    con = duckdb.connect()
    yield "load"
    src = [f"read_parquet('{C.path(k, rows)}')" for k in ("ref", kind)]
    qs = ", ".join(map(str, QS))
    edges = con.execute(
        "SELECT " + ", ".join(f"approx_quantile({c}, [{qs}])" for c in C.NUM) + f" FROM {src[0]}"
    ).fetchone()
    hists = {}
    num = []
    for c, e in zip(C.NUM, edges, strict=False):
        e = list(dict.fromkeys(float(v) for v in e))
        num.append((c, e))
    res = []
    for s in src:
        q = []
        for c, e in num:
            q.append(f"histogram({c}, [{', '.join(map(repr, e))}]::DOUBLE[])")
            q.append(f"count(*) - count({c})")
            q.append(f"max({c})")
        r = con.execute("SELECT " + ", ".join(q) + f" FROM {s}").fetchone()
        res.append(r)
    for i, (c, _) in enumerate(num):
        maps = []
        for r in res:
            m = dict(r[3 * i])
            m["null"] = r[3 * i + 1]
            maps.append(m)
        hists[c] = tuple(_tables(maps))
    for c in ALL_CAT:
        hists[c] = tuple(
            _tables([dict(con.execute(f"SELECT {c}, count(*) FROM {s} GROUP BY 1").fetchall()) for s in src])
        )
    for c in C.TEXT:
        hists[c] = tuple(
            _tables(
                [
                    dict(
                        con.execute(
                            f"SELECT w, count(*) FROM (SELECT unnest(string_split({c}, ' ')) AS w FROM {s}) GROUP BY 1"
                        ).fetchall()
                    )
                    for s in src
                ]
            )
        )
    found = decide(hists, "psi" if mode == "default" else mode)
    yield "compute"
    yield {"found": found, "columns": len(hists), "libs": ["duckdb", "scipy"], "np": np.__version__}


def p_opsmith(kind, rows, mode, out):
    import duckdb  # noqa: F401 - what the tool imports when first called is not part of the work
    import pandas  # noqa: F401
    import pydantic
    import scipy.special  # noqa: F401
    import sklearn.ensemble
    import sklearn.model_selection  # noqa: F401

    from opsmith.tools.contract import Context
    from opsmith.tools.drift import drift

    pydantic.create_model("warm", a=(int, 1))  # what a session has loaded long before
    yield "import"
    yield "load"
    context = Context(project=out, readable=(C.DATA,))
    if mode == "kept":  # the reference was read before
        drift(reference=str(C.path("ref", rows)), current=str(C.path("null", rows)), context=context)
        yield "load"
    found = drift(reference=str(C.path("ref", rows)), current=str(C.path(kind, rows)), context=context)
    yield "compute"
    pairs = [p["columns"] for p in found.data["multivariate"]["pairs"]]
    yield {
        "found": [c["name"] for c in found.data["columns"] if c["drifted"]],
        "columns": len(C.NUM) + len(ALL_CAT) + len(C.TEXT),
        "verdict": found.data["verdict"],
        "pairs": pairs,
        "libs": ["duckdb", "scipy", "scikit-learn"],
    }


PEERS = {k[2:].replace("_", "-"): v for k, v in globals().items() if k.startswith("p_")}
