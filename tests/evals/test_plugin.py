"""`pytest FILE.yaml` collects every play of a suite as a test of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from . import scripted_agents

SUITE = """\
suite: mine
world: {files: {a.csv: {table: [[x], [1]]}, b.csv: {table: [[x], [2]]}}}
cases:
  - id: good
    turns: [{say: tables, expect: {changes: false}}]
    variants: [watch]
  - id: bad
    turns: [{say: tables, expect: {changes: true}}]
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).resolve().parents[2]
    agent = f"--opsmith-agent={scripted_agents.__name__}:open_session"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={folder}", agent, *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)


def test_cases_become_tests(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SUITE)
    (tmp_path / "other.yaml").write_text("name: no suite\n")
    done = run(tmp_path, str(tmp_path))
    assert "1 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    assert "a change was expected" in done.stdout
    assert "bad [as written]" in done.stdout


def test_a_mistake_in_a_suite_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SUITE.replace("say: watch", "say: x").replace("turns: [{say", "turns: [{sya"))
    done = run(tmp_path, str(tmp_path / "mine.yaml"), "--collect-only")
    assert "mine.yaml:5: " in done.stdout
    assert done.returncode != 0
