"""Look at a project from outside: which files and facts changed, and what a file, a model or a monitor is like."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opsmith.evals.trace import Changes

MOST_TEXT = 200_000


@dataclass(frozen=True)
class Snapshot:
    """Digests of every project file outside .opsmith/, small texts for diffs, and the memory's facts by id."""

    files: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


def snapshot(project: Path, facts: Iterable[Mapping[str, Any]], before: Snapshot | None = None) -> Snapshot:
    """The project as it is. Threads, journal, audit, results and caches lie in .opsmith/ and are left out."""
    files: dict[str, str] = {}
    texts: dict[str, str] = {}
    for folder, names, found in os.walk(project):
        names[:] = [n for n in names if n != ".opsmith"]
        for name in found:
            path = Path(folder) / name
            shown = path.relative_to(project).as_posix()
            content = path.read_bytes() if path.is_file() else os.readlink(path).encode()
            files[shown] = hashlib.sha256(content).hexdigest()
            if len(content) <= 20_000:
                texts[shown] = content.decode("utf-8", errors="replace")
    return Snapshot(files, texts, {str(f["id"]): str(f["text"]) for f in facts})


def changes(before: Snapshot, after: Snapshot) -> Changes:
    """What became different between two snapshots."""
    kinds: dict[str, str] = {}
    for path in sorted({*before.files, *after.files}):
        if path not in before.files:
            kinds[path] = "created"
        elif path not in after.files:
            kinds[path] = "deleted"
        elif before.files[path] != after.files[path]:
            kinds[path] = "changed"
    added = [text for key, text in after.facts.items() if before.facts.get(key) != text]
    removed = [text for key, text in before.facts.items() if key not in after.facts]
    diffs = {path: _diff(path, before, after) for path in kinds if path in before.texts or path in after.texts}
    return Changes(kinds, added, removed, {path: text for path, text in diffs.items() if text})


def file_facts(project: Path, name: str, start: Snapshot) -> dict[str, Any]:
    """What can be asked about a file: text, rows, columns, missing cells, duplicates, plain values of YAML and JSON."""
    path = project / name
    if not path.is_file():
        return {"exists": False}
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    facts: dict[str, Any] = {"exists": True, "bytes": len(content), "changed": start.files.get(name) != digest}
    ending = path.suffix.lower()
    if ending not in (".parquet", ".xlsx", ".xls", ".onnx", ".skops", ".gz"):
        facts["text"] = content[:MOST_TEXT].decode("utf-8", errors="replace")
    if ending in (".yaml", ".yml", ".json"):
        facts["plain"] = _plain(content.decode("utf-8", errors="replace"), ending)
    if ending in (".csv", ".tsv", ".parquet", ".xlsx", ".jsonl"):
        facts.update(_table(path))
    return facts


def model_facts(project: Path) -> dict[str, dict[str, Any]]:
    """Registered models by name, as checks ask about them."""
    if not (project / "models").is_dir():
        return {}
    from opsmith.tools.data import registry

    found = {}
    for card in registry.list_models(project):
        found[card.name] = {
            "version": card.version,
            "versions": sorted(c.version for c in registry.versions(project, card.name)),
            "target": card.target,
            "task": card.task,
            "metrics": {k: m["value"] if isinstance(m, Mapping) else m for k, m in card.metrics.items()},
        }
    return found


def monitor_facts(project: Path) -> dict[str, dict[str, Any]]:
    """Monitors by name, as their files say."""
    import yaml

    found: dict[str, dict[str, Any]] = {}
    for path in sorted((project / "monitors").glob("*.yaml")):
        plain = yaml.safe_load(path.read_text(encoding="utf-8"))
        found[str(plain.get("name", path.stem))] = plain
    return found


def _table(path: Path) -> dict[str, Any]:
    from zipfile import BadZipFile

    import pandas as pd

    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        elif path.suffix == ".xlsx":
            frame = pd.read_excel(path, engine="openpyxl")
        elif path.suffix == ".jsonl":
            frame = pd.read_json(path, lines=True)
        else:
            frame = pd.read_csv(path, sep="\t" if path.suffix == ".tsv" else ",")
    except (ValueError, OSError, BadZipFile) as error:
        return {"unreadable": str(error)[:200]}
    return {
        "rows": len(frame),
        "columns": [str(c) for c in frame.columns],
        "missing": {str(c): int(n) for c, n in frame.isna().sum().items()},
        "duplicates": int(frame.astype(str).duplicated().sum()),
    }


def _plain(text: str, ending: str) -> Any:
    import yaml

    try:
        if ending == ".json":
            return json.loads(text)
        documents = [d for d in yaml.safe_load_all(text) if d is not None]
    except (ValueError, yaml.YAMLError):
        return None
    return documents[0] if len(documents) == 1 else documents


def _diff(path: str, before: Snapshot, after: Snapshot) -> str:
    old, new = before.texts.get(path, ""), after.texts.get(path, "")
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), f"a/{path}", f"b/{path}", lineterm="", n=2)
    shown = list(lines)
    return "\n".join([*shown[:80], f"… {len(shown) - 80} more lines"] if len(shown) > 80 else shown)
