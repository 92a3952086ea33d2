"""The record survives, is safe under two hands at once, and finds what was kept."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from opsmith.agent.database import Database
from opsmith.agent.store import Store
from opsmith.tools.contract import ToolError

from . import postgres


def test_results_have_handles_that_find_them_whole(project: Path, store_url: str) -> None:
    store = Store(project, store_url)
    first = store.keep_result("main", "profile", {"dataset": "a.csv"}, {"headline": "ü", "data": {"rows": 3}})
    second = store.keep_result("main", "profile", {}, {"headline": "again"})
    assert (first, second) == ("result:profile-1", "result:profile-2")
    found = store.result("profile-1")
    assert found is not None
    assert found["result"]["data"] == {"rows": 3}
    assert store.result("profile-9") is None


def test_an_event_is_new_once_for_all_who_ask_at_the_same_time(project: Path, store_url: str) -> None:
    stores = [Store(project, store_url) for _ in range(4)]
    heard: list[bool] = []
    threads = [threading.Thread(target=lambda s=s: heard.append(s.first_time("E1"))) for s in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(heard) == [False, False, False, True]


def test_threads_are_listed_renamed_and_deleted(project: Path, store_url: str) -> None:
    store = Store(project, store_url)
    store.open_thread("a", "first")
    store.open_thread("b", "second")
    store.open_thread("a")
    assert [t["id"] for t in store.threads()] == ["a", "b"]
    store.rename_thread("b", "other")
    assert store.threads()[1]["title"] == "other"
    store.delete_thread("b")
    assert [t["id"] for t in store.threads()] == ["a"]


def test_one_turn_of_a_thread_at_a_time(project: Path, store_url: str) -> None:
    stores = [Store(project, store_url), Store(project, store_url)]
    inside: list[str] = []

    def work(store: Store, name: str) -> None:
        with store.turn("main"):
            inside.append(f"{name} in")
            time.sleep(0.05)
            inside.append(f"{name} out")

    threads = [threading.Thread(target=work, args=(s, str(n))) for n, s in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [i.split()[1] for i in inside] == ["in", "out", "in", "out"]


def test_git_ignores_opsmiths_own_folder_through_its_own_file(project: Path) -> None:
    Store(project)
    assert (project / ".opsmith" / ".gitignore").read_text() == "*\n"


def test_an_unknown_store_is_told(project: Path) -> None:
    with pytest.raises(ToolError, match="postgresql://"):
        Database(project, "mysql://x")


def test_a_failed_transaction_leaves_nothing(project: Path, store_url: str) -> None:
    store = Store(project, store_url)

    def fail_halfway() -> None:
        with store.database.transaction():
            store.database.execute("INSERT INTO seen VALUES ('x', 'y')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert store.first_time("x")


def test_workers_that_start_together_make_the_tables_once(project: Path, store_url: str) -> None:
    opened: list[Store] = []
    threads = [threading.Thread(target=lambda: opened.append(Store(project, store_url))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 6
    assert opened[0].threads() == []


def test_results_kept_at_the_same_time_get_different_handles(project: Path, store_url: str) -> None:
    stores = [Store(project, store_url) for _ in range(4)]
    handles: list[str] = []

    def keep(store: Store) -> None:
        for n in range(10):
            handles.append(store.keep_result("main", "profile", {}, {"n": n}))

    threads = [threading.Thread(target=keep, args=(s,)) for s in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(handles)) == 40


def test_a_turn_that_somebody_is_in_is_not_waited_for_unless_asked(project: Path, store_url: str) -> None:
    one, other = Store(project, store_url), Store(project, store_url)
    with one.turn("a"):
        with other.turn_if_free("a") as mine:
            assert not mine
        with other.turn_if_free("b") as mine:
            assert mine
    with other.turn_if_free("a") as mine:
        assert mine


def test_percent_signs_and_quotes_in_what_is_kept_stay_as_they_are(project: Path, store_url: str) -> None:
    store = Store(project, store_url)
    store.open_thread("100 % 'sure'?", "50 %s")
    assert store.threads()[0]["id"] == "100 % 'sure'?"
    assert store.database.rows("SELECT title FROM threads WHERE title LIKE '50%'") == [{"title": "50 %s"}]


@pytest.mark.postgres
def test_a_connection_that_broke_is_opened_again(project: Path, postgres_server: str) -> None:
    import psycopg

    store = Store(project, postgres.fresh(postgres_server))
    with pytest.raises(psycopg.OperationalError):
        store.database.rows("SELECT pg_terminate_backend(pg_backend_pid())")
    store.open_thread("after")
    assert [t["id"] for t in store.threads()] == ["after"]
