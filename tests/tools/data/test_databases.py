"""Tables of real database servers: exact values and types, one table by name, nothing ever written."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsmith.tools.contract import Context, NeedsAnswer, ToolError
from opsmith.tools.data.table import open_table
from tests.agent import postgres

ORDERS = [
    (1, "a, \"b\"\nc", 2.5, dt.date(2024, 1, 5), dt.datetime(2024, 1, 5, 10, 30), True),
    (2, "", None, None, None, False),
    (3, None, -0.125, dt.date(1999, 12, 31), dt.datetime(2000, 2, 29, 23, 59, 59), None),
    (2**60, "ünï \\ 'x'", 1e300, dt.date(9999, 12, 31), dt.datetime(2024, 6, 1), True),
]  # fmt: skip


def context(project: Path, *readable: str) -> Context:
    return Context(project, settings={"readable": list(readable)})


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """A PostgreSQL database with three tables."""
    import psycopg

    with postgres.server() as server:
        url = postgres.fresh(server)
        with psycopg.connect(url, autocommit=True) as c:
            c.execute(
                "CREATE TABLE orders (id bigint, note text, amount numeric, day date, at timestamp, paid boolean)"
            )
            c.cursor().executemany("INSERT INTO orders VALUES (%s, %s, %s, %s, %s, %s)", ORDERS)
            c.execute("CREATE SCHEMA old")
            c.execute('CREATE TABLE old."Odd ""name""" (at timestamptz, tags text[], doc jsonb, far date)')
            odd = "('2024-01-01 12:00+02', '{a,b}', '{\"k\": 1}', 'infinity')"
            c.execute('INSERT INTO old."Odd ""name""" VALUES ' + odd)
            c.execute("CREATE VIEW totals AS SELECT count(*) AS n FROM orders")
        yield url


@pytest.mark.postgres
def test_a_postgresql_table_is_read_exactly(project: Path, shop: str) -> None:
    table = open_table(context(project, f"shop={shop}"), "shop:orders")
    assert [c.kind for c in table.columns] == ["integer", "text", "number", "date", "datetime", "boolean"]
    assert table.sql("SELECT * FROM data ORDER BY id") == sorted(ORDERS)
    assert any("public.orders, read-only" in n for n in table.notes)
    table.close()


@pytest.mark.postgres
def test_odd_names_types_and_values_out_of_range_are_read_and_said(project: Path, shop: str) -> None:
    table = open_table(context(project, shop), f'{shop}:old.Odd "name"')
    assert table.sql('SELECT "at", tags, doc FROM data') == [(dt.datetime(2024, 1, 1, 10), "{a,b}", '{"k": 1}')]
    assert table.sql("SELECT far FROM data") == [(None,)]
    assert "1 values of far read as missing: out of the range of this engine" in table.notes
    table.close()


@pytest.mark.postgres
def test_a_table_that_is_not_named_is_asked_and_a_wrong_one_is_told(project: Path, shop: str) -> None:
    with pytest.raises(NeedsAnswer) as asked:
        open_table(context(project, f"shop={shop}"), "shop")
    assert list(asked.value.choices) == ["shop:orders", "shop:totals", 'shop:old.Odd "name"']
    with pytest.raises(ToolError, match="no table of that database"):
        open_table(context(project, f"shop={shop}"), "shop:orders; DROP TABLE orders")
    assert open_table(context(project, f"shop={shop}"), "shop:TOTALS").sql("SELECT n FROM data") == [(4,)]


@pytest.mark.postgres
def test_a_server_that_is_not_there_is_one_sentence_without_secrets(project: Path) -> None:
    with pytest.raises(ToolError) as told:
        open_table(context(project, "x=postgresql://ada:hidden@127.0.0.1:1/db"), "x:orders")
    assert "hidden" not in str(told.value) and "\n" not in str(told.value)


@pytest.mark.postgres
def test_a_question_is_answered_from_the_database(project: Path, shop: str) -> None:
    from opsmith.tools.query import query

    result = query("shop:orders", question="how many rows are paid", context=context(project, f"shop={shop}"))
    assert result.data["rows"][0][0] == 2


@pytest.fixture(scope="module")
def erp() -> Iterator[dict[str, Any]]:
    """A MariaDB server with a database `erp`; its address and a way to run statements."""
    where = shutil.which("mariadbd") or shutil.which("mysqld")
    install = shutil.which("mariadb-install-db") or shutil.which("mysql_install_db")
    if where is None or install is None:
        pytest.skip("MariaDB is not installed (apt-get install mariadb-server)")
    pymysql = pytest.importorskip("pymysql")
    home = Path(tempfile.mkdtemp(prefix="opsmith-my-"))
    user = "mysql" if os.geteuid() == 0 else ""
    if user:
        shutil.chown(home, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    owner = [f"--user={user}"] if user else []
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    made = [install, "--no-defaults", f"--datadir={home}/data", "--auth-root-authentication-method=normal", *owner]
    subprocess.run(made, check=True, timeout=120, **quiet)
    command = [where, "--no-defaults", f"--datadir={home}/data", f"--socket={home}/s", f"--port={port}", *owner]
    server = subprocess.Popen([*command, "--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0"], **quiet)
    try:
        ends = time.monotonic() + 60
        while True:
            try:
                root = pymysql.connect(unix_socket=f"{home}/s", user="root", autocommit=True)
                break
            except pymysql.MySQLError:
                assert server.poll() is None and time.monotonic() < ends, "MariaDB did not start"
                time.sleep(0.2)
        with root.cursor() as c:
            c.execute("CREATE DATABASE erp CHARACTER SET utf8mb4")
            c.execute("CREATE USER ada@'127.0.0.1' IDENTIFIED BY 'pw/1'")
            c.execute("GRANT SELECT ON erp.* TO ada@'127.0.0.1'")
            c.execute("SET SESSION sql_mode = ''")
            c.execute("CREATE TABLE erp.orders (id bigint, note text, amount double, day date, at datetime, paid bool)")
            c.executemany("INSERT INTO erp.orders VALUES (%s, %s, %s, %s, %s, %s)", ORDERS)
            c.execute(
                "CREATE TABLE erp.`odd ``name` (n decimal(9, 2), d date, u bigint unsigned, b varbinary(4), t time)"
            )
            c.execute("INSERT INTO erp.`odd ``name` VALUES (1.25, '0000-00-00', 7, X'00FF', '10:20:30')")
            c.execute("CREATE TABLE erp.empty (a int, b varchar(9))")
        root.close()
        yield {"url": f"mysql://ada:${{ERP_PASSWORD}}@127.0.0.1:{port}/erp"}
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(home, ignore_errors=True)


@pytest.mark.mysql
def test_a_mysql_table_is_read_exactly(project: Path, erp: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERP_PASSWORD", "pw/1")
    here = context(project, f"erp={erp['url']}")
    table = open_table(here, "erp:orders")
    assert [c.kind for c in table.columns] == ["integer", "text", "number", "date", "datetime", "integer"]
    assert table.sql("SELECT * FROM data ORDER BY id") == sorted(ORDERS)
    table.close()
    odd = open_table(here, "erp:odd `name")
    assert odd.sql("SELECT n, d, u, b, t FROM data") == [(1.25, None, 7, "00ff", "10:20:30")]
    assert open_table(here, "erp:empty").rows == 0
    with pytest.raises(NeedsAnswer):
        open_table(here, "erp")


@pytest.mark.mysql
def test_a_wrong_password_is_one_sentence_without_it(
    project: Path, erp: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERP_PASSWORD", "wrong-one")
    with pytest.raises(ToolError) as told:
        open_table(context(project, f"erp={erp['url']}"), "erp:orders")
    assert "wrong-one" not in str(told.value) and "\n" not in str(told.value)
