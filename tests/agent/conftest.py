"""Stores for the agent's tests: SQLite always, PostgreSQL where it is installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server for the whole test run."""
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest) -> str:
    """An address for `store.url`: '' for SQLite, or a new PostgreSQL database."""
    if request.param == "sqlite":
        return ""
    return postgres.fresh(request.getfixturevalue("postgres_server"))
