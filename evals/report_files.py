"""A run as files for other programs and for people: JSON, JUnit XML, Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from opsmith.evals.judging import Totals
from opsmith.evals.report import by_suite
from opsmith.evals.trace import Play

VERSION = 1
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_json(plays: Sequence[Play], sums: Totals, about: Mapping[str, Any]) -> dict[str, Any]:
    """The whole run as plain values: `version`, `about`, `totals`, `plays`."""
    return {"version": VERSION, "about": dict(about), "totals": sums.as_dict(), "plays": [p.as_dict() for p in plays]}


def as_junit(plays: Sequence[Play]) -> str:
    """JUnit XML: a test suite a suite, a test case a play."""
    root = ElementTree.Element("testsuites", tests=str(len(plays)), failures=str(sum(not p.passed for p in plays)))
    for name, rows in by_suite(plays).items():
        failed = sum(not p.passed for p in rows)
        seconds = f"{sum(p.seconds for p in rows):.3f}"
        suite = ElementTree.SubElement(
            root, "testsuite", name=_xml(name), tests=str(len(rows)), failures=str(failed), time=seconds
        )
        for play in rows:
            attributes = {"classname": _xml(name), "name": _xml(play.key), "time": f"{play.seconds:.3f}"}
            case = ElementTree.SubElement(suite, "testcase", attributes)
            if play.failures:
                first = play.failures[0]
                kind = "hard" if any(f.hard for f in play.failures) else "failed"
                told = ElementTree.SubElement(
                    case, "failure", type=kind, message=_xml(f"{first.check}: {first.message}")
                )
                told.text = _xml("\n".join(f"turn {f.turn or 'end'}: {f.check}: {f.message}" for f in play.failures))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def as_markdown(plays: Sequence[Play], sums: Totals, about: Mapping[str, Any]) -> str:
    """A summary for a pull request: the sums, a line a suite, every failure."""
    lines = [
        f"# Evaluation: {sums.cases_passed} of {sums.cases} cases passed",
        "",
        f"Planner {about.get('model', 'offline')}, {sums.plays} plays, {sums.hard} with a hard failure, "
        f"{sums.seconds:.1f} s of play, {sums.tokens:,} tokens.",
        "",
        "| suite | cases | plays | passed | hard | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for name, rows in by_suite(plays).items():
        hard = sum(any(f.hard for f in p.failures) for p in rows)
        cases, passed = len({p.case for p in rows}), sum(p.passed for p in rows)
        seconds = sum(p.seconds for p in rows)
        lines.append(f"| {_cell(name)} | {cases} | {len(rows)} | {passed} | {hard} | {seconds:.1f} |")
    failed = [p for p in plays if not p.passed]
    if failed:
        lines += ["", "## Failed", ""]
        for play in failed:
            lines.append(f"- **{_cell(play.key)}** {_cell(play.title)}")
            lines += [f"  - turn {f.turn or 'end'}: {_cell(f.check)}: {_cell(f.message)}" for f in play.failures]
    return "\n".join(lines) + "\n"


def write(
    folder: Path,
    plays: Sequence[Play],
    sums: Totals,
    about: Mapping[str, Any],
    places: Mapping[str, str],
    past: Sequence[Mapping[str, Any]] = (),
) -> list[Path]:
    """Write the forms that are asked for; the files written.

    places: json, junit, markdown, html -> file name. past: the history's lines, for the viewer.
    """
    from opsmith.evals.viewer import as_html

    made = []
    forms = {
        "json": lambda: json.dumps(as_json(plays, sums, about), ensure_ascii=False, default=str, indent=1) + "\n",
        "junit": lambda: as_junit(plays),
        "markdown": lambda: as_markdown(plays, sums, about),
        "html": lambda: as_html(plays, sums, about, past),
    }
    for form, name in places.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(forms[form](), encoding="utf-8")
        made.append(path)
    return made


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
