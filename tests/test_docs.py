"""Documents that stay true: settings as they are, links that lead somewhere, a page for every capability."""

from __future__ import annotations

import importlib.util
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from opsmith.tools import registry
from opsmith.tools.contract import Context

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])


def test_the_settings_page_is_the_settings() -> None:
    spec = importlib.util.spec_from_file_location("settings_page", ROOT / "docs" / "settings_page.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = (ROOT / "docs" / "SETTINGS.md").read_text(encoding="utf-8")
    assert written == module.page(), "run: python docs/settings_page.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [
        t.split("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in t and not t.startswith("#")
    ]
    assert [t for t in targets if not (page.parent / t).exists()] == []


def test_every_tool_is_named_in_the_docs() -> None:
    text = "\n".join(p.read_text(encoding="utf-8") for p in PAGES)
    assert [n for n in registry.names() if f"`{n}`" not in text] == []


def test_the_example_tool_of_contributing_works(project: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?) *```", text, flags=re.DOTALL)
    made: dict[str, Any] = {}
    exec(textwrap.dedent(code), made)
    (project / "a.csv").write_text("x,y\n1,2\n,3\n")
    assert made["complete"]("a.csv", context=Context(project)).headline == "1 of 2 rows of a.csv are complete."
