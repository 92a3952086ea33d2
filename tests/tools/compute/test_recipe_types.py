"""What a column really is: types and hidden missing values, decided from its distinct values."""

# ruff: noqa: E501

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from opsmith.tools.compute.recipe_look import ColumnLook
from opsmith.tools.compute.recipe_types import hidden_missing, sentinels, typed
from opsmith.tools.contract import Finding


def look(values: dict[Any, int], name: str = "c") -> ColumnLook:
    stored = pa.string() if all(isinstance(v, str) for v in values) else pa.float64()
    return ColumnLook(name, stored, sum(values.values()), dict(values))


@pytest.mark.parametrize(
    ("values", "to"),
    [
        ({"1": 5, "2,000": 5}, "integer"), ({"1.5": 5, "2": 5}, "number"), ({"Yes": 5, "y": 1, "no": 3}, "boolean"),
        ({"2024-01-05": 5, "5.1.2024": 2}, "date"), ({"2024-01-05 10:00": 5}, "datetime"),
        ({"Yes": 5, "No": 4}, None), ({"00123": 5, "04567": 5}, None), ({"red": 5, "12": 1}, None), ({"1": 5, "10 kg": 1, "5 m": 3}, None),
    ],
)  # fmt: skip
def test_types(values: dict[str, int], to: str | None) -> None:
    steps = typed(look(values), None, [])
    assert [s.options["to"] for s in steps if s.step == "cast"] == ([to] if to else [])


def test_an_open_day_and_month_order_is_told() -> None:
    findings: list[Finding] = []
    (step,) = typed(look({"14/02/2025": 3, "03/04/2025": 5, "02/15/2025": 1}), None, findings)
    assert step.options["day_first"] is True
    assert findings[0].evidence == {"ambiguous": 5, "day_first": 3, "month_first": 1}
    assert typed(look({"03/04/2025": 5}), True, [])[0].options["day_first"] is True


def test_several_currencies_are_kept_apart() -> None:
    (step,) = typed(look({"$5": 3, "€7": 3}, "price"), None, [])
    assert step.options["currency_column"] == "price_currency"


@pytest.mark.parametrize(
    ("values", "tokens"),
    [
        ({"?": 2, "x": 50}, ["?"]), ({"na": 2, "12": 50}, ["na"]), ({"NA": 2, "DE": 50, "FR": 10}, None), ({"UNK": 1, "JFK": 50, "LGA": 10}, None), ({"none": 40, "mild": 50}, None),
        ({"unknown": 1, "5": 80}, ["unknown"]), ({"x": 5}, None),
    ],
)  # fmt: skip
def test_placeholders(values: dict[str, int], tokens: list[str] | None) -> None:
    steps = hidden_missing(look(values), [])
    assert [s.options["tokens"] for s in steps] == ([tokens] if tokens else [])


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({**dict.fromkeys(range(20, 90), 5), -999: 3}, [-999]), ({**dict.fromkeys(range(100), 5), 9999: 8}, [9999]),
        ({**dict.fromkeys(range(500, 2000, 10), 5), -200: 366}, [-200]), ({-1: 900, **dict.fromkeys(range(1, 400), 2)}, []),
        ({**dict.fromkeys(range(0, 20000, 50), 2), 9999: 1}, []), ({-999: 5}, []), ({**dict.fromkeys(range(0, 41310, 300), 100), 99999: 159}, []), ({**dict.fromkeys(range(-1500, 1500, 10), 3), -999: 3}, []),
    ],
)  # fmt: skip
def test_sentinels(values: dict[float, int], found: list[float]) -> None:
    assert sentinels({float(k): v for k, v in values.items()}) == found
