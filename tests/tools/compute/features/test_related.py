"""Child tables: joined by keys found or given, never by what came later, and the same when the features are made again."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from opsmith.agent.effects import Place
from opsmith.agent.effects.files import EFFECTS
from opsmith.tools.compute.features import related
from opsmith.tools.contract import Action, Context, Result, ToolError
from opsmith.tools.data.table import open_table
from opsmith.tools.features import features


def shop(rows: int = 250, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Customers who churn by what they ordered before the day of judgement, and orders, some of them later."""
    rng = np.random.default_rng(seed)
    judged = pd.Timestamp("2024-06-01") + pd.to_timedelta(rng.integers(0, 60, rows), unit="D")
    customers = pd.DataFrame(
        {"customer_id": np.arange(1, rows + 1), "age": rng.integers(18, 80, rows), "judged_on": judged}
    )
    made = []
    for customer, day in zip(customers["customer_id"], judged, strict=True):
        mood = rng.normal()
        for _ in range(1 + rng.poisson(4)):
            made.append(
                (customer, day - pd.Timedelta(days=int(rng.integers(1, 90))), 50 + 20 * mood + rng.normal(), "web")
            )
    orders = pd.DataFrame(made, columns=["customer_id", "ordered_at", "amount", "channel"])
    orders["channel"] = rng.choice(["web", "shop", "phone"], len(orders))
    usual = orders.groupby("customer_id")["amount"].mean().reindex(customers["customer_id"]).to_numpy()
    customers["spent_next"] = usual * 2 + rng.normal(size=rows) * 20
    later = pd.DataFrame({"customer_id": customers["customer_id"], "ordered_at": judged + pd.Timedelta(days=5),
                          "amount": customers["spent_next"] * 100, "channel": "web"})  # fmt: skip
    return customers, pd.concat([orders, later], ignore_index=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    customers, orders = shop()
    customers.to_csv(tmp_path / "customers.csv", index=False)
    orders.to_csv(tmp_path / "orders.csv", index=False)
    return tmp_path


def run(folder: Path, *args: Any, **kwargs: Any) -> Result:
    return features(*args, context=Context(project=folder), **kwargs)


def carried_out(folder: Path, action: Action) -> None:
    place = Place(folder, "a1", "me")
    next(e for e in EFFECTS if e.kind == action.kind).apply(action.arguments, place)


def test_a_child_table_is_aggregated_with_the_past_alone(project: Path) -> None:
    context = Context(project=project)
    table = open_table(context, "customers.csv")
    (link,) = related.links(context, table, ["orders.csv"], [], "judged_on")
    assert (link.key, link.child_key, link.moment, link.times) == (
        "customer_id",
        "customer_id",
        "judged_on",
        ("ordered_at",),
    )
    wanted = related.aggregates(context, link, table.column_names)
    assert {"orders_count", "orders_mean_amount", "orders_share_channel_web", "orders_days_since_last"} <= {
        a.name for a in wanted
    }
    made = related.computed(context, table.pandas(), wanted)
    table.close()
    customers, orders = shop()
    both = orders.merge(customers, on="customer_id")
    before = both[both["ordered_at"] < both["judged_on"]].groupby("customer_id")
    by_hand = before["amount"].mean().reindex(made["customer_id"]).to_numpy()
    np.testing.assert_allclose(made["orders_mean_amount"], by_hand, rtol=1e-9)
    np.testing.assert_array_equal(made["orders_count"], before.size().reindex(made["customer_id"]).to_numpy())
    share = before["channel"].agg(lambda c: (c == "web").mean()).reindex(made["customer_id"]).to_numpy()
    np.testing.assert_allclose(made["orders_share_channel_web"], share)


def test_suggestions_from_a_child_table_are_written_and_made_again_for_another_month(project: Path) -> None:
    asked: dict[str, Any] = {"target": "spent_next", "algorithm": "ridge", "related": ["orders.csv"], "n": 2}
    found = run(project, "customers.csv", operations=["generate"], output="rich.csv", **asked)
    first = found.data["features"][0]
    assert (
        "orders_mean_amount" in first["expression"]
        or "orders_sum" in first["expression"]
        or "orders_m" in first["expression"]
    )
    assert found.data["scores"]["linear"]["after"] > found.data["scores"]["linear"]["before"] + 0.2
    assert not [f for f in found.findings if f.id == "child-time"]
    (action,) = found.actions
    carried_out(project, action)
    rich = pd.read_csv(project / "rich.csv")
    assert "related:" in (project / "features" / "rich.yaml").read_text(encoding="utf-8")
    assert "judged_on" in (project / "features" / "rich.py").read_text(encoding="utf-8")

    fresh, more = shop(rows=60, seed=1)
    fresh.drop(columns="spent_next").to_csv(project / "july.csv", index=False)
    more.to_csv(project / "orders_july.csv", index=False)
    again = run(
        project,
        "july.csv",
        operations=["apply"],
        feature_set="features/rich.yaml",
        related=["orders_july.csv"],
        output="j.csv",
    )
    carried_out(project, again.actions[0])
    made = pd.read_csv(project / "j.csv")
    assert len(made) == 60 and first["name"] in made and first["name"] in rich and made[first["name"]].notna().any()


def test_a_child_table_with_dates_beside_a_table_without_is_told(project: Path) -> None:
    customers, _ = shop()
    customers.drop(columns="judged_on").to_csv(project / "undated.csv", index=False)
    found = run(project, "undated.csv", target="spent_next", algorithm="ridge", related=["orders.csv"], n=1)
    (late,) = [f for f in found.findings if f.id == "child-time"]
    assert "orders.csv has dates (ordered_at)" in late.message


def test_all_tables_of_a_database_are_looked_at_and_keys_of_other_names_are_given(tmp_path: Path) -> None:
    customers, orders = shop(60)
    with sqlite3.connect(tmp_path / "shop.sqlite") as base:
        customers.rename(columns={"customer_id": "id"}).astype({"judged_on": str}).to_sql(
            "customers", base, index=False
        )
        orders.astype({"ordered_at": str}).to_sql("orders", base, index=False)
        orders.rename(columns={"customer_id": "buyer"}).astype({"ordered_at": str}).to_sql("sales", base, index=False)
    base.close()
    context = Context(project=tmp_path)
    table = open_table(context, "shop.sqlite:customers")
    found = related.links(context, table, ["shop.sqlite"], [], "judged_on")
    assert [(link.table, link.key, link.child_key) for link in found] == [("shop.sqlite:orders", "id", "customer_id")]
    both = related.links(context, table, ["shop.sqlite"], ["id = buyer"], None)
    assert ("shop.sqlite:sales", "id", "buyer") in [(link.table, link.key, link.child_key) for link in both]
    with pytest.raises(ToolError, match="Name it with keys"):
        related.links(context, table, ["shop.sqlite:sales"], [], None)
    table.close()


def test_keys_that_have_no_partner_count_nothing(project: Path) -> None:
    context = Context(project=project)
    link = related.Link("orders.csv", "customer_id", "customer_id")
    wanted = [related.Aggregate("n", link, "count"), related.Aggregate("m", link, "mean", "amount")]
    made = related.computed(context, pd.DataFrame({"customer_id": [1.0, 99999.0, np.nan]}), wanted)
    assert (
        made["n"].tolist()[1:] == [0.0, 0.0] and made["n"][0] > 0 and made["m"].isna().tolist() == [False, True, True]
    )
    empty = related.computed(context, pd.DataFrame({"customer_id": []}), wanted)
    assert list(empty.columns) == ["customer_id", "n", "m"] and empty.empty


def test_a_kept_set_that_is_wrong_is_refused() -> None:
    with pytest.raises(ToolError, match="related"):
        related.from_plain([{"table": "x.csv", "key": "a", "how": "drop table"}], "set.yaml")


def test_an_age_is_no_key_and_a_child_s_copy_of_the_target_is_no_feature(project: Path) -> None:
    context = Context(project=project)
    customers, _ = shop()
    customers.drop(columns="customer_id").to_csv(project / "copy.csv", index=False)
    table = open_table(context, "customers.csv")
    with pytest.raises(ToolError, match="No key joins"):
        related.links(context, table, ["copy.csv"], [], None, "spent_next")
    customers.to_csv(project / "scored.csv", index=False)
    (link,) = related.links(context, table, ["scored.csv"], [], None, "spent_next")
    assert link.key == "customer_id"
    assert not [a for a in related.aggregates(context, link, [], "spent_next") if a.column == "spent_next"]
    table.close()
