"""The README is true: its commands run, their output holds what is shown, its graph is the compiled one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def sessions() -> list[list[tuple[str, int, list[str]]]]:
    """Every console block: its commands with the exit code they announce and the lines they show."""
    blocks = []
    for block in re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL):
        steps: list[tuple[str, int, list[str]]] = []
        for line in block.splitlines():
            if line.startswith("$ "):
                command, _, note = line[2:].partition("    # exit ")
                steps.append((command, int(note or 0), []))
            elif line.strip():
                steps[-1][2].append(line.strip())
        blocks.append(steps)
    return blocks


@pytest.mark.slow
def test_the_commands_of_the_readme_run_and_show_what_it_says(tmp_path: Path) -> None:
    for number, steps in enumerate(sessions()):
        project = tmp_path / f"project{number}"
        shutil.copytree(ROOT / "examples" / "churn", project, ignore=shutil.ignore_patterns(".opsmith", "models"))
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "COLUMNS": "200"}
        assert steps
        for command, code, lines in steps:
            done = subprocess.run(
                ["bash", "-c", command], cwd=project, env=environment, capture_output=True, text=True, timeout=240
            )
            shown = " ".join((done.stdout + done.stderr).split())
            assert done.returncode == code, f"{command}\n{done.stdout}{done.stderr}"
            assert [line for line in lines if " ".join(line.split()) not in shown] == [], f"{command}\n{done.stdout}"


def test_the_graph_of_the_readme_is_the_compiled_graph() -> None:
    from opsmith.agent import graph

    drawn = graph.build(cast(Any, SimpleNamespace())).get_graph().draw_mermaid().strip()
    assert f"```mermaid\n{drawn}\n```" in README


def test_make_has_the_two_commands() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\nchat:" in makefile and "\ntest:" in makefile
