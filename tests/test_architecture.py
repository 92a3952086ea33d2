"""Rules that matter are tests: who may import whom, no printing below the doors, every tool with its test and cases."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from opsmith.tools import registry

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("agent", "tools", "prompts", "memory", "evals")
DOORS = {
    "agent/repl.py",
    "agent/once.py",
    "agent/commands.py",
    "agent/terminal_view.py",
    "agent/slack/command.py",
    "agent/__main__.py",
    "agent/arguments.py",
}


def sources(*folders: str) -> list[Path]:
    return [p for f in folders for p in sorted((ROOT / f).rglob("*.py")) if "templates" not in p.parts]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_imports_go_down_only() -> None:
    done = subprocess.run([sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"], cwd=ROOT,
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("path", sources(*FOLDERS), ids=name_of)
def test_a_file_says_what_it_is_for_imports_in_full_and_prints_only_at_a_door(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if tree.body:
        assert ast.get_docstring(tree), "one line at the top: what the file is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "import in full: from opsmith.x.y import z"
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print":
            assert name_of(path) in DOORS or "cli" in path.stem, "only doors print"


@pytest.mark.parametrize("path", sources(*FOLDERS), ids=name_of)
def test_a_file_stays_readable(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("name", registry.names())
def test_every_tool_has_its_test_and_an_intent(name: str) -> None:
    tool = registry.get(name)
    assert (ROOT / "tests" / "tools" / f"test_{name}.py").exists()
    assert tool.intent
    assert tool.examples or name == "ask"  # a planner's own question has no phrase of a person
    assert tool.summary.endswith((".", "?"))
    assert tool.arguments()["additionalProperties"] is False


@pytest.mark.parametrize("name", [n for n in registry.names() if not registry.get(n).conversational])
def test_every_tool_has_evaluation_cases(name: str) -> None:
    suites = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "evals" / "suites").glob("*.yaml"))
    reached_as = {"entities": "entities", "build": "intent: build"}  # one intent may lead to several tools
    assert f"tool: {name}" in suites or f"- {name}" in suites or reached_as.get(name, "-") in suites


def test_tools_are_listed_without_heavy_imports() -> None:
    heavy = {"pandas", "sklearn", "duckdb", "scipy", "langchain_core", "langgraph", "chromadb", "docker"}
    program = (
        "import sys; from opsmith.tools import registry; registry.all_tools();"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_nested_packages_are_all_listed_for_the_wheel() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    there = {
        "opsmith." + p.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for f in FOLDERS
        for p in (ROOT / f).rglob("__init__.py")
    }
    assert listed == there


def test_nothing_names_a_workplace() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.fail("this test needs the git checkout")
    words = ("/" + "work/", "/" + "root/", "." + "library", "shared" + "/DESIGN")
    for name in tracked.stdout.splitlines():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".sh", ".json"} or name in ("Makefile", ".ci/run"):
            text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
            assert not [w for w in words if w in text], name
