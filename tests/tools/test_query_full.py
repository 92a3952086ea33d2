"""Questions over the full data sets: every answer equals one that pandas computes on its own."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from opsmith.tools.contract import Context
from opsmith.tools.query import query
from tests.tools.query_questions_full import FULL
from tests.tools.query_questions_other import OTHER
from tests.tools.test_query import compare


@cache
def frame(folder: Path, name: str) -> pd.DataFrame:
    """A table as pandas reads it."""
    file, _, part = name.partition(":")
    path = folder / file
    if file.endswith(".sqlite"):
        with sqlite3.connect(path) as base:
            return pd.read_sql_query(f"SELECT * FROM {part}", base)
    if file.endswith(".xlsx"):
        return pd.read_excel(path, sheet_name=part)
    if file.endswith(".parquet"):
        return pd.read_parquet(path)
    if file.endswith(".jsonl"):
        return pd.read_json(path, lines=True)
    return pd.read_csv(path, sep=";" if "semicolon" in file else ",")


@pytest.mark.parametrize(("file", "question", "answer"), [*FULL, *OTHER], ids=[q for _, q, _ in [*FULL, *OTHER]])
def test_an_answer_equals_pandas(shared_data: Path, file: str, question: str, answer: Any) -> None:
    names = file.split(" + ")
    result = query(
        names[0], question=question, reference=names[1] if len(names) > 1 else None, context=Context(shared_data)
    )
    compare(result, answer(*(frame(shared_data, n) for n in names)))
    assert result.data["sql"].startswith("SELECT")
