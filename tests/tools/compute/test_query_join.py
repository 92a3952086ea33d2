"""Two tables joined by the key that their columns show; a list of names is joined, files of one kind stand side by side."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from opsmith.tools.compute.query_join import join_key
from opsmith.tools.contract import Context, NeedsAnswer, ToolError
from opsmith.tools.data.table import open_table
from opsmith.tools.query import query


@pytest.fixture
def shop(project: Path) -> Path:
    orders = pd.DataFrame(
        {"id": range(6), "carrier": list("ABABAC"), "day": [1, 1, 2, 2, 3, 3], "delay": [5, 1, 9, 3, 4, 2]}
    )
    orders.to_csv(project / "orders.csv", index=False)
    names = pd.DataFrame({"carrier": list("ABC"), "name": ["Alpha", "Beta", "Gamma"], "seats": [10, 20, 30]})
    names.to_csv(project / "airlines.csv", index=False)
    names.rename(columns={"carrier": "code"}).to_csv(project / "codes.csv", index=False)
    orders.assign(delay=orders.delay + 1).to_csv(project / "orders_new.csv", index=False)
    pd.DataFrame({"carrier": list("AABB"), "day": [1, 2, 1, 2], "wind": [1, 2, 3, 4]}).to_csv(
        project / "wind.csv", index=False
    )
    pd.DataFrame({"unlike": ["x", "y"], "other": ["p", "q"]}).to_csv(project / "nothing.csv", index=False)
    return project


@pytest.mark.parametrize(
    ("other", "key"),
    [
        ("airlines.csv", [("carrier", "carrier")]),
        ("codes.csv", [("carrier", "code")]),
        ("wind.csv", [("carrier", "carrier"), ("day", "day")]),
    ],
)
def test_the_key_is_found(shop: Path, other: str, key: list[tuple[str, str]]) -> None:
    a, b = (open_table(Context(shop), n) for n in ("orders.csv", other))
    assert join_key(a, b, "") == key


def test_no_key_is_said(shop: Path) -> None:
    a, b = (open_table(Context(shop), n) for n in ("orders.csv", "nothing.csv"))
    with pytest.raises(ToolError, match="share no column"):
        join_key(a, b, "")


@pytest.mark.parametrize(
    ("other", "question", "rows"),
    [
        ("airlines.csv", "average delay by airline name", {"Alpha": 6.0, "Beta": 2.0, "Gamma": 2.0}),
        ("airlines.csv", "join by carrier: mean seats by day", {1: 15.0, 2: 15.0, 3: 20.0}),
        ("codes.csv", "total delay by name", {"Alpha": 18, "Beta": 4, "Gamma": 2}),
        ("orders_new.csv", "compare the mean delay in both", {"orders.csv": 4.0, "orders_new.csv": 5.0}),
    ],
)
def test_two_tables_answer_together(shop: Path, other: str, question: str, rows: dict[object, float]) -> None:
    result = query("orders.csv", question=question, reference=other, context=Context(shop))
    assert {r[0]: r[1] for r in result.data["rows"]} == pytest.approx(rows)


def test_rows_without_a_partner_are_said(shop: Path) -> None:
    result = query("orders.csv", question="mean wind by carrier", reference="wind.csv", context=Context(shop))
    assert any("2 of 6 rows have no partner" in f.message for f in result.findings)


def test_several_keys_are_asked(project: Path) -> None:
    pd.DataFrame({"home": ["a", "b"], "away": ["b", "a"], "goals": [1, 2]}).to_csv(project / "games.csv", index=False)
    pd.DataFrame({"team": ["a", "b"], "city": ["x", "y"]}).to_csv(project / "teams.csv", index=False)
    a, b = (open_table(Context(project), n) for n in ("games.csv", "teams.csv"))
    with pytest.raises(NeedsAnswer) as asked:
        join_key(a, b, "goals by city")
    assert asked.value.choices == ("home = team", "away = team")
    assert join_key(a, b, "goals by city of the away team") == [("away", "team")]
