"""Files as they get damaged: bytes flipped, cut, doubled; delimiters, quotes and line ends where they do not belong."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NASTY = Path(__file__).resolve().parents[2] / "data" / "nasty"
PIECES = (
    b'"', b'""', b",", b";", b"\t", b"|", b"\n", b"\r", b"\r\n", b"\n\n", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9", b"'",
    b"\\", b"\x85", "\u2028".encode(), b"NaN", b"1e999", b"-", b"#", b"=1+1", b"\x1a", b"9" * 40, b"x" * 5000, b" ",
)  # fmt: skip


def originals() -> list[tuple[str, bytes]]:
    """(name, content) of small sound and nasty files of every kind that is opened."""
    found = [("x.csv", p.read_bytes()) for p in sorted(NASTY.rglob("*.csv")) if 0 < p.stat().st_size < 20_000]
    found += [("x.tsv", p.read_bytes()) for p in sorted(NASTY.glob("*.tsv"))]
    rows = [{"id": n, "name": f"name{n}", "amount": n * 1.5, "tags": ["a", "b"], "gone": None} for n in range(40)]
    lines = "\n".join(json.dumps(r) for r in rows)
    text = "id,name,amount\n" + "".join(f"{r['id']},{r['name']},{r['amount']}\n" for r in rows)
    found += [("x.csv", text.encode())] * 4
    found += [
        ("x.jsonl", lines.encode()),
        ("x.json", json.dumps(rows).encode()),
        ("x.csv.gz", gzip.compress(text.encode())),
    ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.csv", text)
    makers = {"x.parquet": _parquet, "x.feather": _feather, "x.xlsx": _excel, "x.sqlite": _sqlite}
    return [*found, ("x.zip", packed.getvalue()), *((name, make(rows)) for name, make in makers.items())]


def mutated(dice: random.Random, content: bytes) -> bytes:
    """The content with one to twelve kinds of damage."""
    made = bytearray(content)
    for _ in range(dice.choice((1, 1, 2, 3, 5, 12))):
        if not made:
            break
        at, kind = dice.randrange(len(made)), dice.randrange(9)
        if kind == 0:
            made[at] = dice.randrange(256)
        elif kind == 1:
            del made[at : at + dice.randrange(1, 40)]
        elif kind in (2, 3):
            made[at:at] = dice.choice(PIECES)
        elif kind == 4:
            del made[at:]
        elif kind == 5:
            made[at:at] = made[dice.randrange(len(made)) :][: dice.randrange(1, 400)]
        elif kind == 6:
            old, new = dice.sample((b",", b";", b"\t", b"\n", b"\r\n", b'"', b" "), 2)
            made = made.replace(old, new, dice.choice((1, 3, -1)))
        elif kind == 7:
            lines = made.splitlines(keepends=True)
            dice.shuffle(lines)
            made = bytearray(b"".join(lines))
        else:
            made[:0] = dice.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\n\n", b"sep=;\n", b"# note\n", b'"'))
    return bytes(made)


def files(seed: int, number: int) -> Iterator[tuple[str, bytes]]:
    """So many damaged files, four in five of them in text."""
    dice = random.Random(seed)
    every = originals()
    texts = [f for f in every if f[0].endswith((".csv", ".tsv"))]
    others = [f for f in every if f not in texts]
    for _ in range(number):
        name, content = dice.choice(texts if dice.random() < 0.8 else others)
        yield name, mutated(dice, content)


def words(text: str) -> set[str]:
    """Words of four letters or more, in small letters: what must not vanish between a file and its table."""
    return {w.lower() for w in re.findall(r"[^\W\d_]{4,}", text)}


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet

    out = io.BytesIO()
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def _feather(rows: list[dict[str, Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.feather

    out = io.BytesIO()
    pyarrow.feather.write_feather(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def _excel(rows: list[dict[str, Any]]) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["id", "name", "amount"])
    for r in rows:
        book.active.append([r["id"], r["name"], r["amount"]])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sqlite(rows: list[dict[str, Any]]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.sqlite"
        base = sqlite3.connect(path)
        base.execute("CREATE TABLE t (id INTEGER, name TEXT, amount REAL)")
        base.executemany("INSERT INTO t VALUES (:id, :name, :amount)", rows)
        base.commit()
        base.close()
        return path.read_bytes()
