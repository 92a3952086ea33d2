"""Addresses outside the project: opened only below what the setting lists, shown without secrets."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import places
from opsmith.tools.data.places import place_of, without_secret

READABLE = [
    "/data/big", "s3://lake/raw", "shop=postgresql://ada:${SHOP_PASSWORD}@db.local:5433/shop", "az://box", "mysql://root@h/erp",
]  # fmt: skip


@pytest.fixture
def context(project: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setenv("SHOP_PASSWORD", "p@ss/word")
    return Context(project, settings={"readable": READABLE})


@pytest.mark.parametrize(
    ("name", "kind", "part", "shown"),
    [
        ("s3://lake/raw/2024/*.parquet", "s3", "2024/*.parquet", "s3://lake/raw/2024/*.parquet"),
        ("s3a://lake/raw", "s3", "", "s3a://lake/raw"),
        ("shop:orders", "postgresql", "orders", "shop:orders"),
        ("SHOP:public.orders", "postgresql", "public.orders", "shop:public.orders"),
        ("shop", "postgresql", "", "shop"),
        ("postgresql://db.local:5433/shop:orders", "postgresql", "orders", "postgresql://db.local:5433/shop:orders"),
        ("az://box/a/b.csv", "az", "a/b.csv", "az://box/a/b.csv"),
        ("mysql://h/erp:items", "mysql", "items", "mysql://h/erp:items"),
    ],
)
def test_what_the_setting_lists_is_found(context: Context, name: str, kind: str, part: str, shown: str) -> None:
    place = place_of(context, name)
    assert place is not None
    assert (place.kind, place.part, place.shown) == (kind, part, shown)
    assert "p@ss" not in place.shown


def test_a_secret_comes_from_the_environment_and_is_never_shown(context: Context) -> None:
    place = place_of(context, "shop:orders")
    assert place is not None and "p%40ss%2Fword" in place.address
    assert without_secret("postgresql://a:b:c@h/d?password=x") == "postgresql://a@h/d"


@pytest.mark.parametrize(
    "name",
    [
        "s3://lake/other/x.parquet", "s3://lake/raw2/x.parquet", "s3://lake2/raw/x.parquet", "postgresql://db.local/shop:orders",
        "postgresql://db.local:5433/other:orders", "postgresql://evil/shop:orders", "gs://lake/raw/x", "mysql://h/erp2:items",
        "http://169.254.169.254/latest", "file:///etc/passwd", "postgresql://[bad/shop",
    ],
)  # fmt: skip
def test_everything_else_is_closed(context: Context, name: str) -> None:
    with pytest.raises(ToolError) as told:
        place_of(context, name)
    assert "\n" not in str(told.value)


def test_dots_do_not_climb_out_of_a_bucket(context: Context) -> None:
    with pytest.raises(ToolError, match=r"\.\."):
        place_of(context, "s3://lake/raw/../secret.csv")


@pytest.mark.parametrize("name", ["data.csv", "book.xlsx:Sheet", "shop.sqlite:orders", "folder/*.csv", "C:/x.csv"])
def test_ordinary_names_are_no_places(context: Context, name: str) -> None:
    assert place_of(context, name) is None


def test_a_variable_that_is_not_set_is_said(project: Path) -> None:
    context = Context(project, settings={"readable": ["x=s3://${NO_SUCH_BUCKET}/a"]})
    with pytest.raises(ToolError, match="NO_SUCH_BUCKET"):
        place_of(context, "x:b.csv")


def test_the_example_of_the_module_holds() -> None:
    assert doctest.testmod(places).failed == 0
