"""Damaged files of every kind: a table with all of the text, or one clear sentence; no crash, no hang, no silent loss."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data.csv_shape import shape_of
from opsmith.tools.data.table import open_table
from tests.tools.data.fuzz import files, words

SECONDS = 60  # far above what any of these small files takes, also on a busy machine
GAPS = {"none", "null"}  # words that columns of numbers read as missing, and say so


@contextmanager
def limit(told: str) -> Iterator[None]:
    """Raise when a file takes longer than SECONDS."""

    def late(*_: object) -> None:
        raise TimeoutError(told)

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def check(project: Path, name: str, content: bytes) -> str:
    """`table` or `sentence`; AssertionError when text was lost, anything else is a bug of the reader."""
    (project / name).write_bytes(content)
    told = _problem(project, name, content)
    assert "\n" not in told
    return "sentence" if told else "table"


def _problem(project: Path, name: str, content: bytes) -> str:
    """What the reader says of a file that it cannot read; nothing when it is a table with all of the text."""
    try:
        table = open_table(Context(project), name)
    except ToolError as told:
        return str(told)
    try:
        rows = table.sql("SELECT * FROM data")
        assert table.column_names and len(rows) == table.rows
        if name.endswith((".csv", ".tsv")) and not any("set aside" in n for n in table.notes):
            text = content.decode(shape_of(project / name, name).encoding, errors="replace")
            held = " ".join([*table.column_names, *(str(c) for row in rows for c in row if c is not None)])
            lost = words(_plain(text)) - words(_plain(held)) - GAPS
            assert not lost, f"lost from {name}: {sorted(lost)[:5]}"
    except ToolError as told:  # a damaged part that is met when it is read
        return str(told)
    finally:
        table.close()
    return ""


def _plain(text: str) -> str:
    """Text without what reading a table takes away: quotes, NULs, and line ends inside of words."""
    return text.replace("\x00", "").replace('"', "").replace("\ufeff", " ")


def part(folder: str, seed: int, number: int) -> dict[str, int]:
    """Check so many files; what came out how often."""
    counted: dict[str, int] = {}
    project = Path(folder) / str(seed)
    project.mkdir()
    for at, (name, content) in enumerate(files(seed, number)):
        try:
            with limit(f"{name} took more than {SECONDS} s"):
                outcome = check(project, name, content)
        except Exception as error:
            kept = Path(folder) / f"failed-{seed}-{at}-{name}"
            kept.write_bytes(content)
            raise AssertionError(f"seed {seed}, file {at} ({kept}): {type(error).__name__}: {error}") from error
        counted[outcome] = counted.get(outcome, 0) + 1
    return counted


def test_damaged_files_are_tables_or_sentences(tmp_path: Path) -> None:
    counted = part(str(tmp_path), 20, 60)
    assert counted["table"] > 10 and counted["sentence"] > 2


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_thousand_damaged_files_are_tables_or_sentences(tmp_path: Path) -> None:
    workers = min(4, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        parts = [pool.submit(part, str(tmp_path), 1000 + n, 500) for n in range(20)]
        counts = [p.result() for p in parts]
    assert sum(sum(c.values()) for c in counts) == 10_000
    assert sum(c["table"] for c in counts) > 5_000
