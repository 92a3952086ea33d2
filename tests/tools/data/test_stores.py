"""Object storage over the real S3 protocol on the loopback address: Parquet streamed, text fetched, nothing else opened."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data.stores import _fits
from opsmith.tools.data.table import open_table


@pytest.fixture(scope="module")
def bucket() -> Iterator[Any]:
    """A bucket `lake` on a server of our own, which the usual variables point at."""
    pytest.importorskip("moto")
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    patch = pytest.MonkeyPatch()
    patch.setenv("AWS_ACCESS_KEY_ID", "tester")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "tester")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}")
    client.create_bucket(Bucket="lake")
    for year in (2023, 2024):
        out = io.BytesIO()
        frame = pd.DataFrame({"shop": ["a", "b", None], "amount": [1.5, float(year), None]})
        if year == 2024:
            frame["late"] = [True, False, True]
        frame.to_parquet(out)
        client.put_object(Bucket="lake", Key=f"raw/sales/year={year}/part 1.parquet", Body=out.getvalue())
    client.put_object(
        Bucket="lake", Key="raw/text/a.csv.gz", Body=gzip.compress("x;y\n1,5;ü\n2,5;b\n".encode("latin-1"))
    )
    client.put_object(Bucket="lake", Key="raw/text/b.csv.gz", Body=gzip.compress(b"x;y\n9,5;c\n"))
    client.put_object(Bucket="lake", Key="secret/x.csv", Body=b"a\n1\n")
    client.put_object(Bucket="lake", Key="raw/broken.parquet", Body=b"PAR1 no")
    yield client
    patch.undo()
    server.stop()


def opened(project: Path, name: str) -> Any:
    return open_table(Context(project, settings={"readable": ["s3://lake/raw", "lake=s3://lake/raw"]}), name)


@pytest.mark.parametrize(
    "name", ["s3://lake/raw/sales", "lake:sales", "lake:sales/*/*.parquet", "lake:**/part 1.parquet"]
)
def test_parquet_objects_are_one_table_with_partitions(bucket: Any, project: Path, name: str) -> None:
    table = opened(project, name)
    assert set(table.column_names) == {"shop", "amount", "late", "year"}
    assert table.sql("SELECT year, sum(amount), count(late) FROM data GROUP BY 1 ORDER BY 1") == [
        (2023, 2024.5, 0), (2024, 2025.5, 3),
    ]  # fmt: skip
    table.close()


def test_one_object_is_a_table(bucket: Any, project: Path) -> None:
    table = opened(project, "lake:sales/year=2023/part 1.parquet")
    assert (table.rows, table.sql("SELECT max(amount) FROM data")) == (3, [(2023.0,)])


def test_text_is_fetched_and_read_with_the_same_care(bucket: Any, project: Path) -> None:
    table = opened(project, "lake:text/*.csv.gz")
    assert table.sql("SELECT x, y FROM data ORDER BY x") == [(1.5, "ü"), (2.5, "b"), (9.5, "c")]
    assert any("decimal comma" in n for n in table.notes)
    table.close()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("s3://lake/secret/x.csv", "outside the project"),
        ("lake:../secret/x.csv", "'..'"),
        ("lake:nothing/*.csv", "fits no table"),
        ("lake:broken.parquet", "cannot be read as Parquet"),
        ("lake:", "several kinds"),
    ],
)
def test_what_cannot_be_opened_is_one_sentence(bucket: Any, project: Path, name: str, told: str) -> None:
    with pytest.raises(ToolError, match=told) as raised:
        opened(project, name)
    assert "\n" not in str(raised.value)


def test_a_profile_and_a_question_run_on_a_bucket(bucket: Any, project: Path) -> None:
    from opsmith.tools.profile import profile
    from opsmith.tools.query import query

    context = Context(project, settings={"readable": ["lake=s3://lake/raw"]})
    assert profile("lake:sales", context=context).data["rows"] == 6
    answer = query("lake:sales", question="total amount by year", context=context)
    assert [r[:2] for r in answer.data["rows"]] == [[2023, 2024.5], [2024, 2025.5]]


@pytest.mark.parametrize(
    ("key", "pattern", "fits"),
    [
        ("a/b.csv", "a/*.csv", True), ("a/b/c.csv", "a/*.csv", False), ("a/b/c.csv", "a/**/*.csv", True),
        ("a/c.csv", "a/**/*.csv", True), ("c.csv", "**", True), ("a.parquet", "*.csv", False),
    ],
)  # fmt: skip
def test_a_star_stays_inside_a_folder(key: str, pattern: str, fits: bool) -> None:
    assert _fits(key, pattern) is fits
