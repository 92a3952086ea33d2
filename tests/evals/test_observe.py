"""What changed in a project is measured from outside."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from opsmith.evals.observe import Snapshot, changes, file_facts, monitor_facts, snapshot


def test_files_are_compared_by_content_and_opsmiths_own_folder_is_left_out(project: Path) -> None:
    (project / "a.csv").write_text("x\n1\n")
    (project / "gone.txt").write_text("bye\n")
    before = snapshot(project, [{"id": "1", "text": "old"}])
    (project / "a.csv").write_text("x\n2\n")
    (project / "gone.txt").unlink()
    (project / "models" / "m" / "1").mkdir(parents=True)
    (project / "models" / "m" / "1" / "manifest.json").write_text("{}")
    (project / ".opsmith").mkdir()
    (project / ".opsmith" / "cache").write_text("x")
    found = changes(before, snapshot(project, [{"id": "2", "text": "new"}]))
    assert found.files == {"a.csv": "changed", "gone.txt": "deleted", "models/m/1/manifest.json": "created"}
    assert (found.facts_added, found.facts_removed) == (["new"], ["old"])
    assert "-1\n+2" in found.diffs["a.csv"]


def test_touching_a_file_is_no_change(project: Path) -> None:
    (project / "a.csv").write_text("x\n")
    before = snapshot(project, [])
    (project / "a.csv").write_text("x\n")
    assert not changes(before, snapshot(project, [])).lasting


def test_a_link_that_leads_nowhere_is_seen(project: Path) -> None:
    (project / "link").symlink_to("nowhere")
    assert "link" in snapshot(project, []).files


@given(st.dictionaries(st.text(min_size=1), st.text()), st.dictionaries(st.text(min_size=1), st.text()))
def test_no_change_between_equal_snapshots_and_each_way_round(a: dict[str, str], b: dict[str, str]) -> None:
    assert changes(Snapshot(a), Snapshot(a)).files == {}
    there, back = changes(Snapshot(a), Snapshot(b)).files, changes(Snapshot(b), Snapshot(a)).files
    swapped = {"created": "deleted", "deleted": "created", "changed": "changed"}
    assert {k: swapped[v] for k, v in there.items()} == back


def test_facts_about_files(project: Path) -> None:
    start = snapshot(project, [])
    (project / "a.csv").write_text("x,y\n1,\n1,\n")
    (project / "b.yaml").write_text("a: {b: [1, 2]}\n")
    (project / "c.yaml").write_text("kind: A\n---\nkind: B\n")
    (project / "bad.xlsx").write_text("no")
    table = file_facts(project, "a.csv", start)
    assert (table["rows"], table["columns"], table["missing"], table["duplicates"]) == (
        2,
        ["x", "y"],
        {"x": 0, "y": 2},
        1,
    )
    assert file_facts(project, "b.yaml", start)["plain"] == {"a": {"b": [1, 2]}}
    assert file_facts(project, "c.yaml", start)["plain"] == [{"kind": "A"}, {"kind": "B"}]
    assert "unreadable" in file_facts(project, "bad.xlsx", start)
    assert file_facts(project, "none.csv", start) == {"exists": False}


def test_monitors_are_read_as_their_files_say(project: Path) -> None:
    (project / "monitors").mkdir()
    (project / "monitors" / "m.yaml").write_text("name: m\nthresholds: {psi: 0.2}\n")
    assert monitor_facts(project) == {"m": {"name": "m", "thresholds": {"psi": 0.2}}}
