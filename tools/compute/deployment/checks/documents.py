"""The files of a folder, read once: YAML and JSON with the line of every value, Dockerfiles by instruction."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from opsmith.tools.compute.deployment.checks.fault import Fault

LARGEST = 2_000_000  # bytes; a manifest is smaller
MOST_FILES = 2000
MOST_VALUES = 200_000
_SKIPPED = {".git", ".opsmith", ".venv", "node_modules", "__pycache__", ".terraform", "model", "service"}
_COMPOSE = re.compile(r"(docker-)?compose([.-][\w.-]+)?\.ya?ml")
_WORKFLOW = re.compile(r"(^|/)\.github/workflows/[^/]+\.ya?ml$|(^|/)github-workflow\.ya?ml$")
_DOCKERFILE = re.compile(r"(.*[.-])?dockerfile([.-].*)?", re.IGNORECASE)


class Mapped(dict[Any, Any]):
    """A mapping that a set can hold: where a name belongs and a mapping stands, a look-up says no and does not break."""

    __hash__ = object.__hash__  # type: ignore[assignment]


class Listed(list[Any]):
    """A list that a set can hold, for the same reason."""

    __hash__ = object.__hash__  # type: ignore[assignment]


@dataclass(frozen=True)
class Document:
    """One YAML or JSON document. `lines` maps the path of a value to its line."""

    path: str
    value: Any
    lines: Mapping[tuple[Any, ...], int] = field(repr=False)

    def line(self, *keys: Any) -> int:
        """The line of the value at this path, or of the nearest part of the path that is there."""
        for length in range(len(keys), -1, -1):
            if keys[:length] in self.lines:
                return self.lines[keys[:length]]
        return 1

    def get(self, *keys: Any, default: Any = None) -> Any:
        """The value at this path; `default` where it is missing, or where a list or mapping is wanted and is not there."""
        value = self.value
        for key in keys:
            if (isinstance(value, dict) and key in value) or (
                isinstance(value, list) and isinstance(key, int) and key < len(value)
            ):
                value = value[key]
            else:
                return default
        if value is None or (isinstance(default, (list, dict)) and not isinstance(value, type(default))):
            return default
        return value

    @property
    def kind(self) -> str:
        return str(self.get("kind", default=""))

    @property
    def api(self) -> str:
        return str(self.get("apiVersion", default=""))

    @property
    def name(self) -> str:
        return str(self.get("metadata", "name", default=""))

    @property
    def namespace(self) -> str:
        return str(self.get("metadata", "namespace", default="default"))

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile, continuation lines joined."""

    line: int
    word: str
    rest: str


@dataclass
class Tree:
    """Everything in a folder that the checks look at."""

    root: Path
    objects: list[Document] = field(default_factory=list)  # Kubernetes and what looks like it
    kustomizations: list[Document] = field(default_factory=list)
    compose: list[Document] = field(default_factory=list)
    workflows: list[Document] = field(default_factory=list)
    others: list[Document] = field(default_factory=list)  # JSON and YAML of other kinds
    dockerfiles: dict[str, list[Instruction]] = field(default_factory=dict)
    scripts: list[str] = field(default_factory=list)
    terraform: list[str] = field(default_factory=list)  # folders
    settings: dict[str, dict[str, tuple[str, int]]] = field(default_factory=dict)  # .env file -> name -> (value, line)
    record: dict[str, Any] | None = None  # opsmith-deploy.yaml
    faults: list[Fault] = field(default_factory=list)  # found while reading
    unread: list[str] = field(default_factory=list)  # "path: why"

    def kinds(self, *names: str) -> list[Document]:
        """The objects of these kinds."""
        return [d for d in self.objects if d.kind in names]


def read_tree(root: Path) -> Tree:
    """Read a folder, or one file."""
    tree = Tree(root if root.is_dir() else root.parent)
    for number, path in enumerate(_files(root)):
        if number >= MOST_FILES:
            tree.unread.append(f"more than {MOST_FILES} files: the rest was not read")
            break
        _read(tree, path, path.relative_to(tree.root).as_posix())
    _set_patches_aside(tree)
    return tree


def read_documents(text: str, path: str) -> tuple[list[Document], list[Fault]]:
    """The documents of a YAML or JSON text, and what is wrong with the text itself."""
    faults: list[Fault] = []
    found: list[Document] = []
    try:
        for node in yaml.compose_all(
            text, Loader=yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader
        ):
            if node is None:
                continue
            lines: dict[tuple[Any, ...], int] = {}
            value = _value(node, (), lines, path, faults, 0)
            found.append(Document(path, value, lines))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        told = getattr(error, "problem", None) or "it cannot be read"
        faults.append(Fault(path, mark.line + 1 if mark else 1, "yaml-unreadable", f"This is no YAML: {told}.",
                            "correct the indentation, quotes or brackets at this line"))  # fmt: skip
    except RecursionError:
        faults.append(
            Fault(path, 1, "yaml-unreadable", "This is nested too deeply, or too large, to be read.", "write it flat")
        )
    return _lists_opened(found), faults


def instructions(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile; comments and parser directives are left out."""
    found: list[Instruction] = []
    start, joined = 0, ""
    inside: list[str] = []  # here-documents that are still open
    for number, line in enumerate(text.splitlines(), 1):
        if inside and not joined:
            if line.strip() == inside[0]:
                inside.pop(0)
            continue
        if line.strip().startswith("#") or (not line.strip() and joined):
            continue
        if not joined:
            start = number
        joined += line.rstrip().removesuffix("\\") + " "
        if line.rstrip().endswith("\\"):
            continue
        word, _, rest = joined.strip().partition(" ")
        if word:
            found.append(Instruction(start, word.upper(), rest.strip()))
        if word.upper() in ("RUN", "COPY", "ADD"):
            inside = re.findall(r"<<-?[\"']?(\w+)[\"']?", rest)
        joined = ""
    if joined.strip():
        word, _, rest = joined.strip().partition(" ")
        found.append(Instruction(start, word.upper(), rest.strip()))
    return found


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and not path.is_symlink() and not (_SKIPPED & set(parts[:-1])):
            yield path


def _read(tree: Tree, path: Path, name: str) -> None:
    lower = path.name.lower()
    wanted = lower.endswith((".yaml", ".yml", ".json", ".sh", ".tf", ".env", ".bash")) or _DOCKERFILE.fullmatch(lower)
    if not wanted or lower.endswith((".md", ".dockerignore")):
        return
    if path.stat().st_size > LARGEST:
        tree.unread.append(f"{name}: larger than {LARGEST // 1_000_000} MB")
        return
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        tree.unread.append(f"{name}: not UTF-8 text")
        return
    if lower.endswith((".sh", ".bash")):
        tree.scripts.append(name)
    elif lower.endswith(".tf"):
        folder = name.rpartition("/")[0]
        if folder not in tree.terraform:
            tree.terraform.append(folder)
    elif lower.endswith(".env"):
        tree.settings[name] = _settings(text)
    elif lower.endswith((".yaml", ".yml", ".json")):
        _read_documents(tree, text, name, lower)
    else:
        tree.dockerfiles[name] = instructions(text)


def _read_documents(tree: Tree, text: str, name: str, lower: str) -> None:
    if lower == "opsmith-deploy.yaml":
        found, faults = read_documents(text, name)
        tree.record = found[0].value if found and isinstance(found[0].value, dict) else None
        tree.faults += faults
        return
    if re.search(r"^\s*\{\{[-\s]|:\s*\{\{", text, re.MULTILINE) and not _WORKFLOW.search(name):
        tree.unread.append(f"{name}: a Helm template; render it first (helm template) and check the result")
        return
    found, faults = read_documents(text, name)
    if faults and lower.endswith(".json") and not re.search(r"\"(apiVersion|services|Resources)\"", text):
        tree.unread.append(f"{name}: no JSON, and nothing that is deployed")
        return
    tree.faults += faults
    for document in found:
        if _WORKFLOW.search(name):
            tree.workflows.append(document)
        elif _COMPOSE.fullmatch(lower) or (isinstance(document.get("services"), dict) and not document.kind):
            tree.compose.append(document)
        elif lower in ("kustomization.yaml", "kustomization.yml") or document.kind == "Kustomization":
            tree.kustomizations.append(document)
        elif document.kind and document.api:
            tree.objects.append(document)
        elif isinstance(document.value, dict):
            tree.others.append(document)


def _set_patches_aside(tree: Tree) -> None:
    """Patch files of Kustomize are parts of objects; they are not judged as whole ones."""
    patches = set()
    for document in tree.kustomizations:
        named = [p.get("path") for p in document.get("patches", default=[]) if isinstance(p, dict)]
        named += [p for p in document.get("patchesStrategicMerge", default=[]) if isinstance(p, str)]
        named += [p.get("path") for p in document.get("patchesJson6902", default=[]) if isinstance(p, dict)]
        for one in named:
            if isinstance(one, str) and "\n" not in one:
                target = (tree.root / document.folder / one).resolve()
                if tree.root.resolve() in target.parents:
                    patches.add(target.relative_to(tree.root.resolve()).as_posix())
    tree.objects = [d for d in tree.objects if d.path not in patches]


def _lists_opened(found: list[Document]) -> list[Document]:
    out: list[Document] = []
    for document in found:
        items = document.get("items")
        if document.kind != "List" or not isinstance(items, list):
            out.append(document)
            continue
        for number, item in enumerate(items):
            start = ("items", number)
            lines = {k[2:]: v for k, v in document.lines.items() if k[:2] == start}
            out.append(Document(document.path, item, lines))
    return out


def _value(
    node: yaml.Node, at: tuple[Any, ...], lines: dict[tuple[Any, ...], int], path: str, faults: list[Fault], depth: int
) -> Any:
    lines[at] = node.start_mark.line + 1
    if depth > 100 or len(lines) > MOST_VALUES:  # aliases of aliases grow without end
        raise RecursionError
    if isinstance(node, yaml.MappingNode):
        made = Mapped()
        for key_node, value_node in node.value:
            key = _scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else str(key_node.value)[:50]
            if key in made and key != "<<":
                faults.append(Fault(path, key_node.start_mark.line + 1, "yaml-duplicate-key",
                                    f"The key {key} stands twice here; the first value is lost.", f"keep one {key}"))  # fmt: skip
            made[key] = _value(value_node, (*at, key), lines, path, faults, depth + 1)
            lines[(*at, key)] = key_node.start_mark.line + 1
        merged = made.pop("<<", None)
        for base in merged if isinstance(merged, list) else [merged]:
            if isinstance(base, dict):
                made = Mapped({**base, **made})
        return made
    if isinstance(node, yaml.SequenceNode):
        return Listed(_value(item, (*at, n), lines, path, faults, depth + 1) for n, item in enumerate(node.value))
    return _scalar(node)


_CONSTRUCTOR = yaml.SafeLoader("")


def _scalar(node: yaml.Node) -> Any:
    if node.tag == "tag:yaml.org,2002:timestamp" or node.tag == "tag:yaml.org,2002:binary":
        return node.value
    if node.tag == "tag:yaml.org,2002:value":
        return node.value
    try:
        value = _CONSTRUCTOR.construct_object(node, deep=True)
    except yaml.YAMLError:
        return node.value  # a tag of somebody's own, such as !Ref
    return value if isinstance(value, (str, int, float, bool, type(None))) else node.value


def _settings(text: str) -> dict[str, tuple[str, int]]:
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, sign, value = line.strip().removeprefix("export ").partition("=")
        if sign and re.fullmatch(r"[A-Za-z_]\w*", name):
            found[name] = (value.strip().strip("'\""), number)
    return found
