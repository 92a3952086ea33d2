"""Facts are kept, found, corrected and forgotten; the index can always be made anew from the record."""

from __future__ import annotations

import multiprocessing
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from opsmith.memory.store import Memory

NOTES = [
    "Wine project: the label is quality.",
    "delay_reg v3: MAE 9.4 min.",
    "The reference for fraud is cards/txns.csv.",
    "Alerts go to the on-call channel.",
]


def note(text: str, kind: str = "fact") -> dict[str, str]:
    return {"text": text, "source": "conversation", "kind": kind}


def filled(project: Path, **settings: str) -> Memory:
    memory = Memory(project, settings)
    for text in NOTES:
        memory.remember(note(text), "ada", "main")
    return memory


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("which label did we agree on for the wine project?", 0),
        ("how good was delay_reg", 1),
        ("fraud reference", 2),
        ("where do alerts go", 3),
    ],
)
def test_a_natural_question_finds_its_fact_first(project: Path, asked: str, found: int) -> None:
    first = filled(project).recall(asked)[0]
    assert first["text"] == NOTES[found]
    assert first["author"] == "ada"
    assert first["source"] == "conversation"


def test_a_correction_replaces_the_older_fact(project: Path) -> None:
    memory = filled(project)
    memory.remember(note("The reference for fraud is cards/new.csv."), "bob", "main")
    texts = [f["text"] for f in memory.facts()]
    assert "The reference for fraud is cards/new.csv." in texts
    assert "The reference for fraud is cards/txns.csv." not in texts
    assert memory.recall("fraud reference")[0]["text"].endswith("new.csv.")


def test_the_same_fact_is_kept_once(project: Path) -> None:
    memory = filled(project)
    memory.remember(note(NOTES[0]), "bob", "other")
    assert len(memory.facts()) == len(NOTES)


def test_a_forgotten_fact_is_gone_from_every_byte(project: Path) -> None:
    memory = filled(project)
    memory.recall("wine")  # so that the index exists
    (fact,) = memory.recall("wine label", 1)
    memory.remember(note("Wine project: the label is alcohol."), "ada", "main")  # the old text stays as replaced
    newest = memory.recall("wine label", 1)[0]
    assert set(memory.forget([newest["id"]])) == {NOTES[0], "Wine project: the label is alcohol."}
    memory.close()
    for path in (project / ".opsmith").rglob("*"):
        if path.is_file():
            assert b"label is" not in path.read_bytes(), path
    assert fact["id"] != newest["id"]


def test_the_index_is_made_anew_from_the_record(project: Path) -> None:
    memory = filled(project)
    assert memory.rebuild() == len(NOTES)
    memory.close()
    import shutil

    shutil.rmtree(project / ".opsmith" / "chroma")
    assert Memory(project, {}).recall("wine label")[0]["text"] == NOTES[0]


def recall_elsewhere(project: Path, out: multiprocessing.Queue[tuple[str, str]]) -> None:
    memory = Memory(project, {})
    out.put((memory.recall("wine label")[0]["text"], memory.state()))


def test_another_process_finds_facts_without_touching_the_index(project: Path) -> None:
    memory = filled(project)
    memory.recall("wine")
    context = multiprocessing.get_context("spawn")
    out: multiprocessing.Queue[tuple[str, str]] = context.Queue()
    child = context.Process(target=recall_elsewhere, args=(project, out))
    child.start()
    text, state = out.get(timeout=60)
    child.join()
    assert text == NOTES[0]
    assert "another Opsmith process owns the index" in state


def test_secrets_are_not_remembered(project: Path) -> None:
    memory = filled(project)
    fact = memory.remember(note("the database is postgresql://ada:hunter2secret@db/x"), "ada", "main")
    assert "hunter2secret" not in fact["text"]


def test_nothing_near_is_nothing(project: Path) -> None:
    assert filled(project).recall("zzzzqqqq xylophone") == []
    assert Memory(project, {}).recall("") == []


@pytest.mark.slow
def test_a_chroma_server_can_hold_the_index(project: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).parent / "chroma"
    server = subprocess.Popen(
        [str(program), "run", "--path", str(tmp_path / "served"), "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        memory = filled(project, **{"memory.chroma_url": f"http://127.0.0.1:{port}"})
        assert memory.recall("wine label")[0]["text"] == NOTES[0]
        assert "Chroma at http://127.0.0.1" in memory.state()
        assert not (project / ".opsmith" / "chroma").exists()
    finally:
        server.terminate()
        server.wait(20)
