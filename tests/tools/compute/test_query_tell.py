"""Figures as people read them, and a sentence that says the finding first."""

from __future__ import annotations

import datetime as dt
import doctest
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from opsmith.tools.compute import query_tell
from opsmith.tools.compute.query_tell import figure, plain_text
from opsmith.tools.contract import Context
from opsmith.tools.query import query


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "nothing"), (float("nan"), "nothing"), (float("inf"), "infinite"), (float("-inf"), "minus infinite"),
        (True, "yes"), (1234567, "1,234,567"), (2.0, "2"), (0.001234, "0.001234"), (1e20, "100,000,000,000,000,000,000"),
        (-13270.4223, "-13,270.42"),
    ],
)  # fmt: skip
def test_a_figure_is_said(value: Any, said: str) -> None:
    assert figure(value) == said


def test_cells_are_said() -> None:
    assert plain_text(dt.datetime(2024, 1, 2)) == "2024-01-02"
    assert plain_text(None) == "(missing)"
    assert plain_text(Decimal("1.5")) == "1.5"
    assert doctest.testmod(query_tell).failed == 0


@pytest.mark.parametrize(
    ("question", "headline", "chart"),
    [
        ("average y by g", "Mean y is highest for b (infinite) and lowest for c (0)", None),
        ("average x by g", "Mean x is highest for c (9) and lowest for a (1.5)", "bar"),
        ("how many rows have y over 2", "2 of 5 rows", None),
        ("share of g = a", "40.0 %", None),
        ("maximum y", "infinite", None),
    ],
)
def test_the_finding_stands_first(project: Path, question: str, headline: str, chart: str | None) -> None:
    (project / "t.csv").write_text("g,x,y\na,1,1\na,2,3\nb,3,inf\nb,4,2\nc,9,0\n", encoding="utf-8")
    result = query("t.csv", question=question, context=Context(project))
    assert headline in result.headline
    assert [c.kind for c in result.charts] == ([chart] if chart else [])
