"""Tables with known drift: a reference, a drifted and an undrifted copy, and a copy with other kinds of drift."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("BENCH_DATA") or Path(tempfile.gettempdir()) / "opsmith-benchmark")
CHUNK = 500_000
SEEDS = {"ref": 11, "cur": 22, "null": 33, "fresh": 44}

NUM = [
    "num_normal",
    "num_corr",
    "num_skew",
    "num_heavy",
    "num_miss20",
    "num_int_small",
    "num_int_big",
    "num_zero_inf",
    "num_outlier",
    "num_uniform",
]
CAT_LEVELS = {"cat3": 3, "cat10": 10, "cat100": 100, "cat1k": 1000, "cat10k": 10_000, "cat50k": 50_000}
CAT = list(CAT_LEVELS)
DATE = ["date_signup", "date_event"]
BOOL = ["bool_a", "bool_b"]
TEXT = ["text_review", "text_note"]
COLUMNS = ["id", "constant", *NUM, *CAT, *DATE, *BOOL, *TEXT, "target"]

# What is really different between 'ref' and 'cur'.
DRIFTED = {
    "num_normal": "mean +0.30 sd",
    "num_skew": "log-mean +0.25 (lognormal)",
    "num_heavy": "scale x1.5 (Student t, 2 df)",
    "num_miss20": "missing 20 % -> 35 %, values unchanged",
    "num_outlier": "outlier share 0.5 % -> 2 %",
    "num_int_small": "Poisson 3.00 -> 3.15 (small, 0.09 sd)",
    "cat10": "two levels exchange 10 points of share",
    "cat1k": "15 % of rows take one of 30 unseen levels",
    "bool_b": "rate 3 % -> 6 %",
    "text_review": "40 % of rows use an unseen vocabulary",
    "target": "label rate moves with a changed concept",
}
# What is really different between 'ref' and 'fresh'.
FRESH = {
    "num_normal": "two humps; mean and variance unchanged",
    "num_skew": "capped at the 97 % quantile",
    "num_heavy": "rounded to whole numbers",
    "num_int_big": "3 % replaced by a default 0",
    "num_zero_inf": "zeros 70 % -> 74.5 %",
    "num_uniform": "range shrinks by a fifth",
    "num_int_small": "3 % replaced by a sentinel -1",
    "cat3": "10 % in capitals",
    "cat100": "missing 0 % -> 8 %",
    "cat10k": "the thousand rarest levels merged into one",
    "text_review": "half of the texts cut to 40 characters",
}
# Moves by an amount no one should be woken for (an alarm here is counted apart, as 'noise').
NEGLIGIBLE = {"num_uniform": "mean +0.013 sd, same support"}
# Same marginal, changed dependence: only a multivariate detector can see it (counted apart).
JOINT_ONLY = {"num_corr": "correlation with num_normal 0.95 -> 0.60, marginal unchanged"}
SAME = ["num_int_big", "num_zero_inf", "cat3", "cat100", "cat10k", "cat50k", "date_signup", "bool_a", "text_note"]
IGNORED = ["id", "constant", "date_event"]  # always move, or never can


def _zipf_p(k, a):
    p = 1.0 / np.arange(1, k + 1) ** a
    return p / p.sum()


def _zipf(rng, n, k, a=0.9):
    return np.searchsorted(np.cumsum(_zipf_p(k, a)), rng.random(n)).clip(0, k - 1)


_W_POS = ["great", "lovely", "fast", "helpful", "friendly", "solid", "excellent", "perfect", "happy", "smooth"]
_W_NEG = ["slow", "broken", "awful", "late", "rude", "noisy", "terrible", "faulty", "angry", "refund"]
_W_NEU = [
    "the",
    "product",
    "service",
    "delivery",
    "support",
    "order",
    "app",
    "price",
    "quality",
    "team",
    "screen",
    "battery",
    "box",
    "claim",
    "driver",
    "policy",
    "speeding",
    "accident",
    "payment",
    "account",
    "update",
    "version",
    "week",
    "day",
]
_W_NEW = [
    "chatbot",
    "voucher",
    "subscription",
    "outage",
    "dashboard",
    "hologram",
    "drone",
    "crypto",
    "token",
    "metaverse",
]


def _fragments(words, k, lo, hi, seed):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(words, rng.integers(lo, hi + 1))) for _ in range(k)]


_POOLS = None


def _pools():
    global _POOLS
    if _POOLS is None:
        import pyarrow as pa

        _POOLS = {
            "open": pa.array(_fragments(_W_NEU, 400, 2, 5, 1)),
            "pos": pa.array(_fragments(_W_POS + _W_NEU[:6], 400, 2, 5, 2)),
            "neg": pa.array(_fragments(_W_NEG + _W_NEU[:6], 400, 2, 5, 3)),
            "new": pa.array(_fragments(_W_NEW + _W_NEU[:6], 400, 2, 5, 4)),
            "tail": pa.array(_fragments(_W_NEU, 400, 1, 6, 5)),
            "note": pa.array(_fragments(_W_NEU, 400, 1, 3, 6)),
            "mail": pa.array([""] * 380 + [f"mail user{i}@example.com" for i in range(20)]),
        }
    return _POOLS


def chunk(n, seed, idx, drift, start):
    """One chunk as a pyarrow table."""
    import pyarrow as pa
    import pyarrow.compute as pc

    r = np.random.default_rng([seed, idx])
    d = bool(drift)
    z = r.standard_normal(n)
    e = r.standard_normal(n)
    rho = 0.60 if d else 0.95
    c = {}
    ids = np.arange(start, start + n) + (10**9 if seed != SEEDS["ref"] else 0)
    c["id"] = pa.array(ids)
    c["constant"] = pa.array(np.full(n, 7, dtype=np.int32))
    num_normal = z + (0.30 if d else 0.0)
    c["num_normal"] = num_normal
    c["num_corr"] = rho * z + np.sqrt(1 - rho**2) * e
    skew_z = r.standard_normal(n)
    c["num_skew"] = np.exp(skew_z + (0.25 if d else 0.0))
    c["num_heavy"] = r.standard_t(2, n) * (1.5 if d else 1.0)
    miss = r.random(n) < (0.35 if d else 0.20)
    c["num_miss20"] = pa.array(r.standard_normal(n) * 3 + 10, mask=miss)
    c["num_int_small"] = r.poisson(3.15 if d else 3.0, n).astype(np.int32)
    c["num_int_big"] = r.integers(0, 1_000_000, n)
    c["num_zero_inf"] = np.where(r.random(n) < 0.7, 0.0, r.gamma(2.0, 50.0, n))
    o = r.standard_normal(n)
    out = r.random(n) < (0.02 if d else 0.005)
    c["num_outlier"] = np.where(out, o * 50, o)
    c["num_uniform"] = r.random(n) ** (0.985 if d else 1.0)
    codes = {}
    for k, lv in CAT_LEVELS.items():
        code = _zipf(r, n, lv)
        if d and k == "cat10":
            move = (code == 0) & (r.random(n) < 0.10 / _zipf_p(10, 0.9)[0])
            code = np.where(move, 4, code)
        if d and k == "cat1k":
            new = r.random(n) < 0.15
            code = np.where(new, lv + r.integers(0, 30, n), code)
        codes[k] = code
        size = lv + 30 if k == "cat1k" else lv
        names = pa.array([f"{k}_{i:05d}" for i in range(size)])
        arr = names.take(pa.array(code))
        if k == "cat10":
            nul = pa.array(r.random(n) < 0.05)
            arr = pc.if_else(nul, pa.scalar(None, pa.string()), arr)
        c[k] = arr
    day0 = np.datetime64("2024-01-01", "s").astype("int64")
    c["date_signup"] = pa.array((day0 + r.integers(0, 730, n) * 86400).astype("datetime64[s]")).cast(pa.timestamp("us"))
    ev0 = np.datetime64("2026-02-01" if d else "2026-01-01", "s").astype("int64")
    c["date_event"] = pa.array((ev0 + r.integers(0, 30 * 86400, n)).astype("datetime64[s]")).cast(pa.timestamp("us"))
    c["bool_a"] = r.random(n) < 0.5
    bool_b = r.random(n) < (0.06 if d else 0.03)
    c["bool_b"] = bool_b
    p = _pools()
    pos = r.random(n) < 0.6
    i = [pa.array(r.integers(0, 400, n)) for _ in range(6)]
    mid = pc.if_else(pa.array(pos), p["pos"].take(i[1]), p["neg"].take(i[1]))
    if d:
        mid = pc.if_else(pa.array(r.random(n) < 0.4), p["new"].take(i[1]), mid)
    c["text_review"] = pc.binary_join_element_wise(p["open"].take(i[0]), mid, p["tail"].take(i[2]), " ")
    c["text_note"] = pc.utf8_rtrim_whitespace(
        pc.binary_join_element_wise(p["note"].take(i[3]), p["mail"].take(i[4]), " ")
    )
    lin = (
        -1.2
        + (0.2 if d else 0.8) * z
        + 0.5 * skew_z
        + 0.7 * (codes["cat3"] == 1)
        - 0.9 * (~pos)
        + 1.0 * bool_b
        + (0.5 if d else 0.0)
    )
    c["target"] = (r.random(n) < 1 / (1 + np.exp(-lin))).astype(np.int8)
    return pa.table({k: (v if isinstance(v, (pa.Array, pa.ChunkedArray)) else pa.array(v)) for k, v in c.items()})


def path(kind, rows, ext="parquet"):
    return DATA / f"{kind}_{rows}.{ext}"


def build(kind, rows):
    """Write one kind (`ref`, `cur`, `null` or `fresh`) unless it is there; its path."""
    import pyarrow.parquet as pq

    DATA.mkdir(parents=True, exist_ok=True)
    p = path(kind, rows)
    if p.exists():
        return p
    writer = None
    for idx, start in enumerate(range(0, rows, CHUNK)):
        t = chunk(min(CHUNK, rows - start), SEEDS[kind], idx, kind == "cur", start)
        if kind == "fresh":
            t = freshly_drifted(t, np.random.default_rng([99, SEEDS[kind], idx]))
        writer = writer or pq.ParquetWriter(p, t.schema, compression="snappy")
        writer.write_table(t, row_group_size=122_880)
    writer.close()
    return p


def freshly_drifted(t, rng):
    """Kinds of drift that the method was not made on: see FRESH."""
    import pyarrow as pa
    import pyarrow.compute as pc

    n = t.num_rows
    c = {
        name: t[name].to_numpy(zero_copy_only=False).copy()
        for name in (
            "num_normal",
            "num_skew",
            "num_heavy",
            "num_int_big",
            "num_zero_inf",
            "num_outlier",
            "num_uniform",
            "num_int_small",
        )
    }
    sign = np.where(rng.random(n) < 0.5, -1, 1)
    c["num_normal"] = sign * 0.7 + 0.714 * rng.standard_normal(n)  # two humps; mean and variance as before
    c["num_skew"] = np.minimum(c["num_skew"], np.quantile(c["num_skew"], 0.97))  # a cap
    c["num_heavy"] = np.round(c["num_heavy"])  # a rounding feed
    c["num_int_big"] = np.where(rng.random(n) < 0.03, 0, c["num_int_big"])  # a default value creeps in
    c["num_zero_inf"] = np.where(rng.random(n) < 0.15, 0.0, c["num_zero_inf"])  # more zeros
    c["num_uniform"] = 0.5 + 0.8 * (c["num_uniform"] - 0.5)  # the range shrinks
    c["num_int_small"] = np.where(rng.random(n) < 0.03, -1, c["num_int_small"]).astype(np.int32)  # a sentinel
    for name, values in c.items():
        t = t.set_column(t.schema.get_field_index(name), name, pa.array(values))
    lower = pa.array(rng.random(n) < 0.1)
    t = t.set_column(t.schema.get_field_index("cat3"), "cat3", pc.if_else(lower, pc.utf8_upper(t["cat3"]), t["cat3"]))
    few = pc.if_else(pa.array(rng.random(n) < 0.08), pa.scalar(None, pa.string()), t["cat100"])
    t = t.set_column(t.schema.get_field_index("cat100"), "cat100", few)
    tail = pc.starts_with(t["cat10k"], "cat10k_09")
    t = t.set_column(t.schema.get_field_index("cat10k"), "cat10k", pc.if_else(tail, "other", t["cat10k"]))
    short = pc.utf8_slice_codeunits(t["text_review"], 0, 40)
    return t.set_column(
        t.schema.get_field_index("text_review"),
        "text_review",
        pc.if_else(pa.array(rng.random(n) < 0.5), short, t["text_review"]),
    )


def score(found, kind="cur"):
    """Recall, precision, misses and false alarms of a set of columns called drifted."""
    truth = FRESH if kind == "fresh" else DRIFTED
    found = set(found) - set(IGNORED)
    tp, fn = sorted(found & set(truth)), sorted(set(truth) - found)
    fp = sorted(found - set(truth) - set(NEGLIGIBLE) - set(JOINT_ONLY))
    return {
        "recall": round(len(tp) / len(truth), 3),
        "precision": round(len(tp) / max(1, len(tp) + len(fp)), 3),
        "missed": fn,
        "false_alarms": fp,
        "negligible_flagged": sorted(found & set(NEGLIGIBLE)),
        "joint_only_flagged": sorted(found & set(JOINT_ONLY)),
    }
