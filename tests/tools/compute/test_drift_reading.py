"""A kept reference is not read again, and new data is read a few times a column at most, however many checks follow."""

import re

import numpy as np
import pandas as pd

from opsmith.tools.contract import Context
from opsmith.tools.data.table import Table
from opsmith.tools.drift import drift

ROWS = 20_000


def made(folder, name, seed):
    rng = np.random.default_rng(seed)
    words = np.array("box late order phone screen slow warm good price team".split())  # noqa: SIM905
    pd.DataFrame(
        {
            "amount": rng.normal(size=ROWS), "count": rng.poisson(3, ROWS), "city": rng.choice(list("abc"), ROWS),
            "note": [" ".join(words[rng.integers(0, 10, 6)]) for _ in range(ROWS)],
        }
    ).to_parquet(folder / name, index=False)  # fmt: skip


def test_a_kept_reference_costs_no_scan_and_new_data_few(tmp_path, monkeypatch):
    made(tmp_path, "old.parquet", 1)
    made(tmp_path, "new.parquet", 2)
    made(tmp_path, "newer.parquet", 3)
    context = Context(project=tmp_path)
    asked: list[tuple[str, str]] = []
    for name in ("sql", "frame"):
        plain = getattr(Table, name)

        def told(self, query, *more, _plain=plain):
            asked.append((self.name, query))
            return _plain(self, query, *more)

        monkeypatch.setattr(Table, name, told)
    first = drift("old.parquet", "new.parquet", context=context)
    assert any(name == "old.parquet" for name, _ in asked)
    asked.clear()
    again = drift("old.parquet", "new.parquet", context=context)
    assert again.data["columns"] == first.data["columns"]
    asked.clear()
    drift("old.parquet", "newer.parquet", context=context)
    assert [q for name, q in asked if name == "old.parquet" and "FROM data" in q] == []
    reads = {c: sum(bool(re.search(rf'"{c}"', q)) for _, q in asked) for c in ("amount", "count", "city", "note")}
    assert reads["amount"] <= 3 and reads["count"] <= 3 and reads["city"] <= 2 and reads["note"] <= 4
