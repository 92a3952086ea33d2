"""Profilers, each as a generator that reads one generated table, profiles it and writes what it shows.

A generator yields "import", "load" and "compute" as it passes them, then a dict. Each peer runs in an environment of its own; see
benchmarks/profile.py. The floor (`duckdb`, `polars`) computes what a page of a profile needs, approximately, and shows nothing.
"""

from __future__ import annotations

import warnings

import drift_tables as C

warnings.filterwarnings("ignore")


def frame(path):
    import pandas as pd

    return pd.read_csv(path, parse_dates=C.DATE) if path.suffix == ".csv" else pd.read_parquet(path)


def p_opsmith(path, mode, out):
    import json
    import time

    import duckdb  # noqa: F401
    import pyarrow.compute  # noqa: F401
    import pydantic

    from opsmith.tools.contract import Context
    from opsmith.tools.profile import profile

    pydantic.create_model("warm", a=(int, 1))  # what a session has loaded long before
    yield "import"
    begun = time.perf_counter()
    first: list[float] = []

    def partial(result) -> None:
        first.append(time.perf_counter() - begun)

    context = Context(project=out, readable=(path.parent,), partial=partial)
    result = profile(dataset=str(path), target="target", context=context)
    yield "load"
    yield "compute"
    (out / "r.json").write_text(json.dumps(result.as_dict()))
    (out / "r.html").write_bytes((out / result.files[0]).read_bytes())
    yield {
        "first_s": round(first[0], 3) if first else None,
        "named": sorted({f.id for f in result.findings}),
        "libs": ["duckdb", "pyarrow", "numpy"],
    }


def relation(path):
    return f"read_csv('{path}')" if path.suffix == ".csv" else f"read_parquet('{path}')"


def p_duckdb(path, mode, out):
    """Everything a page needs, in few scans: counts, approximate distinct and quantiles, moments, top values, relations."""
    import duckdb

    yield "import"
    con = duckdb.connect()
    src = relation(path)
    if path.suffix == ".csv":
        con.execute(f"CREATE TABLE t AS SELECT * FROM {src}")
        src = "t"
    yield "load"
    cols = con.execute(f"DESCRIBE SELECT * FROM {src}").fetchall()
    numeric = ("BIGINT", "INTEGER", "DOUBLE", "FLOAT", "TINYINT", "SMALLINT", "HUGEINT", "DECIMAL")
    num = [c for c, t, *_ in cols if t.split("(")[0] in numeric]
    txt = [c for c, t, *_ in cols if t == "VARCHAR"]
    q = [f"count({c}) AS n_{c}, approx_count_distinct({c}) AS d_{c}" for c, *_ in cols]
    for c in num:
        q.append(
            f"min({c}) AS lo_{c}, max({c}) AS hi_{c}, avg({c}) AS m_{c}, stddev_samp({c}) AS s_{c}, "
            f"skewness({c}) AS sk_{c}, kurtosis({c}) AS ku_{c}, "
            f"approx_quantile({c}, [0.05,0.25,0.5,0.75,0.95]) AS q_{c}, "
            f"count(*) FILTER ({c} = 0) AS z_{c}, count(*) FILTER ({c} < 0) AS neg_{c}"
        )
    for c in txt:
        q.append(
            f"min(length({c})) AS tl_{c}, max(length({c})) AS th_{c}, avg(length({c})) AS ta_{c}, "
            f"approx_top_k({c}, 10) AS top_{c}, count(*) FILTER (regexp_matches({c}, '[^ ]+@[^ ]+')) AS mail_{c}"
        )
    names = [r[0] for r in con.execute(f"DESCRIBE SELECT count(*) AS rows, {', '.join(q)} FROM {src}").fetchall()]
    base = dict(zip(names, con.execute(f"SELECT count(*) AS rows, {', '.join(q)} FROM {src}").fetchone(), strict=True))
    corr = [f"corr({a}, {b})" for i, a in enumerate(num) for b in num[i + 1 :]]
    con.execute(f"SELECT {', '.join(corr)} FROM {src}").fetchone()
    h = []
    for c in num:
        low, high = float(base[f"lo_{c}"] or 0), float(base[f"hi_{c}"] or 0)
        h.append(f"histogram(least(floor(({c} - {low}) / {(high - low) / 50 or 1.0}), 49)::INT)")
    con.execute(f"SELECT {', '.join(h)} FROM {src}").fetchone()
    for c in txt:
        if base[f"d_{c}"] <= 200:
            con.execute(f"SELECT {c}, count(*), avg(target) FROM {src} GROUP BY 1 ORDER BY 2 DESC LIMIT 10").fetchall()
    yield "compute"
    yield {"libs": ["duckdb"]}


def p_polars(path, mode, out):
    import polars as pl
    import polars.selectors as cs

    yield "import"
    df = pl.read_csv(path, try_parse_dates=True) if path.suffix == ".csv" else pl.read_parquet(path)
    yield "load"
    num, txt = df.select(cs.numeric()).columns, df.select(cs.string()).columns
    e = [pl.col(c).null_count().alias(f"null_{c}") for c in df.columns]
    e += [pl.col(c).approx_n_unique().alias(f"d_{c}") for c in df.columns if df[c].dtype != pl.Boolean]
    for c in num:
        x = pl.col(c)
        e += [x.min().alias(f"lo_{c}"), x.max().alias(f"hi_{c}"), x.mean().alias(f"m_{c}"), x.std().alias(f"s_{c}")]
        e += [x.skew().alias(f"sk_{c}"), x.kurtosis().alias(f"ku_{c}"), (x == 0).sum().alias(f"z_{c}")]
        e += [(x < 0).sum().alias(f"neg_{c}")]
        e += [x.quantile(p).alias(f"q{p}_{c}") for p in (0.05, 0.25, 0.5, 0.75, 0.95)]
    for c in txt:
        n = pl.col(c).str.len_chars()
        e += [n.min().alias(f"tl_{c}"), n.max().alias(f"th_{c}"), n.mean().alias(f"ta_{c}")]
        e += [pl.col(c).str.contains("[^ ]+@[^ ]+").sum().alias(f"mail_{c}")]
    r = df.lazy().select(e).collect()
    df.lazy().select([pl.corr(a, b).alias(f"{a}|{b}") for i, a in enumerate(num) for b in num[i + 1 :]]).collect()
    for c in num:
        df[c].drop_nulls().hist(bin_count=50)
    for c in txt:
        df[c].value_counts(sort=True).head(10)
        if r[f"d_{c}"][0] <= 200:
            df.group_by(c).agg(pl.len(), pl.col("target").mean())
    yield "compute"
    yield {"libs": ["polars"]}


def p_ydata(path, mode, out):
    from data_profiling import ProfileReport

    yield "import"
    df = frame(path)
    yield "load"
    report = ProfileReport(df, minimal=mode == "minimal", progress_bar=False)
    described = report.get_description()
    yield "compute"
    report.to_file(out / "r.html")
    (out / "r.json").write_text(report.to_json())
    named = sorted(f"{getattr(a, 'alert_type_name', a)}:{a.column_name}" for a in described.alerts)
    yield {"named": named, "libs": ["fg-data-profiling", "pandas", "numpy"]}


def p_skrub(path, mode, out):
    from skrub import TableReport

    if mode == "polars":
        import polars as pl
    yield "import"
    df = pl.read_parquet(path) if mode == "polars" else frame(path)
    yield "load"
    report = TableReport(df, verbose=0)
    text = report.json()
    yield "compute"
    report.write_html(out / "r.html")
    (out / "r.json").write_text(text)
    yield {"libs": ["skrub", "pandas", "scikit-learn"]}


def p_sweetviz(path, mode, out):
    import sweetviz as sv

    yield "import"
    df = frame(path)
    yield "load"
    report = sv.analyze(df, target_feat="target", pairwise_analysis="off" if mode == "nopairs" else "on")
    yield "compute"
    report.show_html(str(out / "r.html"), open_browser=False)
    yield {"libs": ["sweetviz", "pandas"]}


def p_whylogs(path, mode, out):
    import whylogs as why

    yield "import"
    df = frame(path)
    yield "load"
    view = why.log(df).view().to_pandas()
    yield "compute"
    view.to_json(out / "r.json")
    yield {"libs": ["whylogs", "pandas"]}


PEERS = {name[2:]: f for name, f in globals().items() if name.startswith("p_")}
