"""Files are written whole, atomically, inside the project, and put back by undo."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsmith.agent.effects import Place, effect_of, effects
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import propose

WRITE, DELETE = effect_of("write_files"), effect_of("delete_files")


def place(project: Path, approval: str = "a1") -> Place:
    return Place(project, approval, "ada")


def test_every_kind_has_one_effect() -> None:
    assert {"write_files", "delete_files", "save_predictions"} <= set(effects())
    with pytest.raises(ToolError, match="kind 'fly'"):
        effect_of("fly")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.text(alphabet=st.characters(exclude_categories=["Cs"])), old=st.none() | st.binary())
def test_writing_then_undoing_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, content: str, old: bytes | None
) -> None:
    project = tmp_path_factory.mktemp("p")
    if old is not None:
        (project / "a.txt").write_bytes(old)
    action = propose.write(Context(project), texts={"a.txt": content})
    outcome = WRITE.apply(action.arguments, place(project))
    assert (project / "a.txt").read_bytes() == content.encode()
    assert WRITE.undo is not None
    WRITE.undo(outcome.undo or {}, place(project))
    assert ((project / "a.txt").read_bytes() if old is not None else None) == old
    assert (project / "a.txt").exists() == (old is not None)


def test_applying_again_after_a_crash_keeps_the_first_bytes_for_undo(project: Path) -> None:
    (project / "a.txt").write_text("first")
    action = propose.write(Context(project), texts={"a.txt": "second"})
    WRITE.apply(action.arguments, place(project))
    outcome = WRITE.apply(action.arguments, place(project))
    assert WRITE.undo is not None
    WRITE.undo(outcome.undo or {}, place(project))
    assert (project / "a.txt").read_text() == "first"


def test_a_staged_file_must_be_the_one_that_was_shown(project: Path) -> None:
    context = Context(project)
    part = propose.new_scratch_file(context, ".csv")
    part.write_text("a\n1\n")
    action = propose.write(context, staged={"out.csv": part})
    staged = project / action.arguments["files"][0]["staged"]
    assert hashlib.sha256(staged.read_bytes()).hexdigest() == action.arguments["files"][0]["sha256"]
    staged.write_text("a\n2\n")
    with pytest.raises(ToolError, match="staged copy"):
        WRITE.apply(action.arguments, place(project))
    assert not (project / "out.csv").exists()


@pytest.mark.parametrize("name", ["../a.txt", "/etc/passwd", "link/a.txt", ".opsmith/opsmith.db"])
def test_nothing_is_written_outside_or_into_opsmiths_own_folder(project: Path, tmp_path: Path, name: str) -> None:
    (project / "link").symlink_to(tmp_path)
    (project / ".opsmith").mkdir()
    with pytest.raises(ToolError):
        WRITE.apply({"files": [{"path": name, "content": "x"}]}, place(project))
    assert not (tmp_path / "a.txt").exists()


def test_delete_keeps_the_bytes(project: Path) -> None:
    (project / "a.csv").write_text("x")
    action = propose.delete(Context(project), ["a.csv"])
    outcome = DELETE.apply(action.arguments, place(project))
    assert not (project / "a.csv").exists()
    assert DELETE.undo is not None
    DELETE.undo(outcome.undo or {}, place(project))
    assert (project / "a.csv").read_text() == "x"


def test_the_state_changes_with_the_bytes(project: Path) -> None:
    arguments = {"files": [{"path": "a.txt", "content": "x"}]}
    empty = WRITE.state(arguments, project)
    (project / "a.txt").write_text("1")
    assert WRITE.state(arguments, project) != empty
