"""A database, a child table or a bare name finds the table that has the target; what is not clear stays as it was said."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from opsmith.tools.compute.features.homes import home_of
from opsmith.tools.contract import Context, NeedsAnswer
from opsmith.tools.features import features


@pytest.fixture
def context(tmp_path: Path) -> Context:
    customers = pd.DataFrame({"customer_id": range(60), "age": range(20, 80), "churned": ["yes", "no"] * 30})
    orders = pd.DataFrame({"customer_id": [i % 60 for i in range(200)], "amount": range(200)})
    customers.to_csv(tmp_path / "customers.csv", index=False)
    orders.to_csv(tmp_path / "orders.csv", index=False)
    with sqlite3.connect(tmp_path / "shop.sqlite") as database:
        customers.to_sql("customers", database, index=False)
        orders.to_sql("orders", database, index=False)
    database.close()
    return Context(project=tmp_path)


@pytest.mark.parametrize(
    ("dataset", "related", "home", "children"),
    [
        ("shop.sqlite", (), "shop.sqlite:customers", ("shop.sqlite:orders",)),
        ("shop.sqlite:customers", ("orders",), "shop.sqlite:customers", ("shop.sqlite:orders",)),
        ("shop.sqlite:orders", (), "shop.sqlite:customers", ("shop.sqlite:orders",)),
        ("orders.csv", (), "customers.csv", ("orders.csv",)),
        ("orders", (), "customers.csv", ("orders.csv",)),
        ("customers.csv", ("orders",), "customers.csv", ("orders.csv",)),
        ("customers.csv", (), "customers.csv", ()),
        ("nowhere.csv", (), "nowhere.csv", ()),
    ],
)
def test_the_table_with_the_target_is_the_main_one(
    context: Context, dataset: str, related: tuple[str, ...], home: str, children: tuple[str, ...]
) -> None:
    assert home_of(context, dataset, "churned", related) == (home, children)


def test_where_two_tables_have_the_target_the_question_stays(context: Context) -> None:
    with sqlite3.connect(context.project / "shop.sqlite") as database:
        pd.DataFrame({"churned": [1]}).to_sql("old", database, index=False)
    database.close()
    assert home_of(context, "shop.sqlite", "churned", ()) == ("shop.sqlite", ())
    with pytest.raises(NeedsAnswer):
        features("shop.sqlite", target="churned", context=context)


def test_that_another_table_was_looked_at_is_said(context: Context) -> None:
    found = features("orders.csv", target="churned", seconds=3, algorithm="linear", context=context)
    told = [f.message for f in found.findings if f.id == "main-table"]
    assert told == ["churned is a column of customers.csv, so its rows are looked at; beside them by key: orders.csv."]
    assert "customers.csv" in found.headline
